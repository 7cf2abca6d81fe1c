/* SPDX-License-Identifier: Apache-2.0 */
/* test-plug.c - which files are taken for connectors and which are refused, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "plug-fixture.h"
#include "plug/plug.h"
#include "wire/json.h"

static const char *folder;

static int make_folder(void **state)
{
	(void)state;
	folder = fixture_folder_make();
	fixture_build("fixture", "");
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	fixture_folder_remove();
	return 0;
}

/* It is refused with CONNECTOR, names itself, and says `why`. */
static void assert_refused(const char *dir, const char *name, const char *why)
{
	struct plug *plug = NULL;
	struct ferry_error err = {0};

	assert_int_equal(plug_load(dir, name, &plug, &err), -1);
	assert_null(plug);
	assert_int_equal(err.code, FERRY_E_CONNECTOR);
	if (!strstr(err.msg, why) || !strstr(err.msg, name))
		fail_msg("'%s' says neither '%s' nor '%s'", err.msg, name, why);
}

static void test_load(void **state)
{
	(void)state;
	struct plug *plug;

	assert_int_equal(plug_load(folder, "fixture", &plug, NULL), 0);
	assert_string_equal(plug->api->name, "fixture");
	assert_non_null(strstr(plug->path, "/fixture.so"));
	plug_unload(plug);
	plug_unload(NULL);
}

static void test_wrong_interface(void **state)
{
	(void)state;
	fixture_build("newmajor",
		      "-DFIXTURE_NAME='\"newmajor\"' -DFIXTURE_MAJOR=FERRY_ABI_MAJOR+1");
	fixture_build("oldmajor", "-DFIXTURE_MAJOR=0");
	fixture_build("newminor", "-DFIXTURE_MINOR=FERRY_ABI_MINOR+1");
	fixture_build("short", "-DFIXTURE_SIZE=64");
	fixture_build("nosymbol", "-DFIXTURE_SYMBOL=other_connector");
	assert_refused(folder, "newmajor", "is built for interface 2.");
	assert_refused(folder, "oldmajor", "is built for interface 0.");
	assert_refused(folder, "newminor", "needs interface 1.");
	assert_refused(folder, "short", "64 bytes");
	assert_refused(folder, "nosymbol", "no symbol 'ferry_connector'");
}

/* A struct of a newer minor that this build knows would be longer; longer alone is no fault. */
static void test_longer_struct(void **state)
{
	(void)state;
	struct plug *plug;

	fixture_build("longer", "-DFIXTURE_NAME='\"longer\"' -DFIXTURE_FAMILY='\"longer\"' "
		      "-DFIXTURE_SIZE='sizeof(struct ferry_connector)+64'");
	assert_int_equal(plug_load(folder, "longer", &plug, NULL), 0);
	plug_unload(plug);
}

static void test_contradictions(void **state)
{
	(void)state;
	fixture_build("alias", "");
	fixture_build("stray", "-DFIXTURE_NAME='\"stray\"' -DFIXTURE_FAMILY='\"other\"'");
	fixture_build("norole",
		      "-DFIXTURE_NAME='\"norole\"' -DFIXTURE_FAMILY='\"norole\"' "
		      "-DFIXTURE_ROLES=0");
	fixture_build("noextract",
		      "-DFIXTURE_NAME='\"noextract\"' -DFIXTURE_FAMILY='\"noextract\"' "
		      "-DFIXTURE_EXTRACT=NULL");
	fixture_build("noapply", "-DFIXTURE_NAME='\"noapply\"' -DFIXTURE_FAMILY='\"noapply\"' "
		      "-DFIXTURE_ROLES=FERRY_DESTINATION");
	fixture_build("baddefault",
		      "-DFIXTURE_NAME='\"baddefault\"' -DFIXTURE_FAMILY='\"baddefault\"' "
		      "-DFIXTURE_DEFAULT='\"101\"'");
	assert_refused(folder, "alias", "calls itself 'fixture'");
	assert_refused(folder, "stray", "'other'");
	assert_refused(folder, "norole", "neither source nor destination");
	assert_refused(folder, "noextract", "lacks extract");
	assert_refused(folder, "noapply", "lacks apply");
	assert_refused(folder, "baddefault",
		       "default of connection option limit: '101' is not from 1 to 100");
}

static void test_cannot_be_loaded(void **state)
{
	(void)state;
	char path[128];

	fixture_build("unresolved", "-DFIXTURE_UNDEFINED");
	assert_refused(folder, "unresolved", "nobody_has_this");
	snprintf(path, sizeof path, "%s/text.so", folder);
	FILE *f = fopen(path, "w");
	fputs("not a shared object\n", f);
	fclose(f);
	chmod(path, 0644);
	assert_refused(folder, "text", "cannot be loaded");
	snprintf(path, sizeof path, "%s/folder.so", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_refused(folder, "folder", "is not a file");
	rmdir(path);
}

static void test_missing(void **state)
{
	(void)state;
	struct plug *plug;
	struct ferry_error err = {0};

	fixture_build("shop-orders", "-DFIXTURE_NAME='\"shop-orders\"' -DFIXTURE_FAMILY='\"shop\"' "
		      "-DFIXTURE_RESOURCE='\"orders\"'");
	assert_refused(folder, "absent", "there is no connector");
	assert_refused("/nonexistent", "absent", "there is no connector");
	assert_int_equal(plug_load(folder, "fixtur", &plug, &err), -1);
	assert_string_equal(err.hint, "Did you mean 'fixture'?");
	assert_int_equal(plug_load(folder, "shop", &plug, &err), -1);
	assert_string_equal(err.hint, "Say which resource: orders.");
	assert_int_equal(plug_load(folder, "shop-orders", &plug, &err), 0);
	plug_unload(plug);
	/* a name is never a path */
	assert_refused(folder, "../fixture", "cannot be the name");
	assert_refused(folder, "", "cannot be the name");
}

static void test_writable(void **state)
{
	(void)state;
	char file[128], link[128];

	fixture_build("shared", "");
	snprintf(file, sizeof file, "%s/shared.so", folder);
	chmod(file, 0775);
	assert_refused(folder, "shared", "may be written by its group");
	chmod(file, 0757);
	assert_refused(folder, "shared", "may be written by everyone");
	/* a link does not hide it */
	snprintf(link, sizeof link, "%s/link.so", folder);
	assert_int_equal(symlink(file, link), 0);
	assert_refused(folder, "link", "may be written by everyone");
	unlink(link);
	unlink(file);
}

static void test_writable_folder(void **state)
{
	(void)state;
	char inner[128], link[128], target[160];
	struct plug *plug;

	chmod(folder, 0777);
	assert_refused(folder, "fixture", "the folder");
	chmod(folder, 01777);
	assert_refused(folder, "fixture", "the folder");
	chmod(folder, 0770);
	assert_refused(folder, "fixture", "may be written by its group");
	chmod(folder, 0700);

	/* the folder behind a link counts, and so does the one of the link */
	snprintf(inner, sizeof inner, "%s/inner", folder);
	snprintf(link, sizeof link, "%s/inner/fixture.so", folder);
	snprintf(target, sizeof target, "%s/fixture.so", folder);
	assert_int_equal(mkdir(inner, 0755), 0);
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(plug_load(inner, "fixture", &plug, NULL), 0);
	plug_unload(plug);
	chmod(folder, 0720);
	assert_refused(inner, "fixture", "may be written by its group");
	chmod(folder, 0700);
	chmod(inner, 0777);
	assert_refused(inner, "fixture", "may be written by everyone");
	unlink(link);
	rmdir(inner);
}

static void test_owner(void **state)
{
	(void)state;
	char file[128];

	if (geteuid() != 0)
		skip();
	fixture_build("foreign", "");
	snprintf(file, sizeof file, "%s/foreign.so", folder);
	assert_int_equal(chown(file, 12345, 12345), 0);
	assert_refused(folder, "foreign", "belongs to another user (12345)");
	unlink(file);
}

static void test_list(void **state)
{
	(void)state;
	struct arena arena = ARENA_INIT;
	struct ferry_error err = {0};
	char dir[96], path[160], **names;
	size_t n;
	static const char *const files[] = {"b.so", "a.so",   "c.la", ".hidden.so",
					    ".so",  "a-b.so", "so"};

	snprintf(dir, sizeof dir, "%s/list", folder);
	mkdir(dir, 0755);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, files[i]);
		fclose(fopen(path, "w"));
	}
	assert_int_equal(plug_list(dir, &arena, &names, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_string_equal(names[0], "a");
	assert_string_equal(names[1], "a-b");
	assert_string_equal(names[2], "b");
	assert_int_equal(plug_list("/nonexistent", &arena, &names, &n, &err), -1);
	assert_non_null(strstr(err.msg, "/nonexistent"));
	arena_release(&arena);
}

static void test_name(void **state)
{
	(void)state;
	struct buf out = BUF_INIT;

	plug_name("sqlite", NULL, &out);
	assert_string_equal(out.s, "sqlite");
	buf_reset(&out);
	plug_name("lago", "customers", &out);
	assert_string_equal(out.s, "lago-customers");
	buf_release(&out);
}

/* What a connector declares comes out as JSON that can be read. */
static void test_json(void **state)
{
	(void)state;
	struct plug *plug;
	struct buf out = BUF_INIT;
	struct json_doc *doc;

	assert_int_equal(plug_load(folder, "fixture", &plug, NULL), 0);
	plug_json(plug, &out);
	assert_int_equal(json_parse(out.s, out.len, "connector", &doc, NULL), 0);
	json_node *root = json_root(doc),
		  *option = json_at(json_get(root, "connection_options"), 0);
	assert_string_equal(json_get_text(root, "name", ""), "fixture");
	assert_string_equal(json_get_text(root, "interface", ""), "1.0");
	assert_int_equal(json_get_int(root, "batch", 0), 0);	/* it writes nothing */
	assert_string_equal(json_text(json_at(json_get(root, "roles"), 0), NULL), "source");
	assert_int_equal(json_count(json_get(root, "roles")), 1);
	assert_string_equal(json_get_text(option, "name", ""), "limit");
	assert_string_equal(json_get_text(option, "type", ""), "integer");
	assert_string_equal(json_get_text(option, "default", ""), "10");
	assert_int_equal(json_get_int(option, "max", 0), 100);
	assert_string_equal(json_text(json_at(json_get(root, "stages"), 0), NULL), "extract");
	json_free(doc);
	buf_release(&out);
	plug_unload(plug);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_wrong_interface),
		cmocka_unit_test(test_longer_struct),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_cannot_be_loaded),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_writable),
		cmocka_unit_test(test_writable_folder),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_json),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
