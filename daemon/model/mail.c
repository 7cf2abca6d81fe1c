/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail.c - a mail as sendmail takes it. No text that comes from elsewhere can begin a header: what is
 * not plain ASCII goes into encoded words (RFC 2047), the body is quoted-printable.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/message.h"

#define WORD_BYTES 39			/* of the text in one encoded word: 52 letters of base64 */
#define LINE_MAX_BYTES 76

static void add_base64(struct buf *out, const char *s, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = 0;
		size_t n = len - i < 3 ? len - i : 3;
		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < n ? (unsigned char)s[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_addc(out, k <= n ? letters[v >> (18 - 6 * k) & 63] : '=');
	}
}

static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (*s < 0x20 || *s >= 0x7f)
			return false;
	return true;
}

/* Encoded words, cut between characters. */
static void add_words(struct buf *out, const char *s)
{
	size_t len = strlen(s);

	for (size_t at = 0, n; at < len; at += n) {
		n = 0;
		while (at + n < len) {
			size_t step = utf8_length(s + at + n, len - at - n);
			if (n + (step ? step : 1) > WORD_BYTES)
				break;
			n += step ? step : 1;
		}
		buf_adds(out, at ? "\n =?utf-8?B?" : "=?utf-8?B?");
		add_base64(out, s + at, n);
		buf_adds(out, "?=");
	}
}

static void add_subject(struct buf *out, const char *subject)
{
	buf_adds(out, "Subject: ");
	/* "=?" in a plain one would be read as encoded */
	if (is_plain(subject) && !strstr(subject, "=?"))
		buf_addf(out, "%s", subject);
	else
		add_words(out, subject);
	buf_addc(out, '\n');
}

/* The text's line ends stay, everything else that is not plain is written as =XX. */
static void add_body(struct buf *out, const char *s)
{
	size_t column = 0;

	for (; *s; s++) {
		bool blank = *s == ' ' || *s == '\t';
		bool plain = (*s > ' ' && *s < 0x7f && *s != '=' && !(*s == '.' && !column)) ||
			(blank && s[1] && s[1] != '\n');
		if (*s == '\n') {
			buf_addc(out, '\n');
			column = 0;
			continue;
		}
		if (column + (plain ? 1 : 3) > LINE_MAX_BYTES - 1) {
			buf_adds(out, "=\n");
			column = 0;
			plain = plain && *s != '.';
		}
		if (plain)
			buf_addc(out, *s);
		else
			buf_addf(out, "=%02X", (unsigned char)*s);
		column += plain ? 1 : 3;
	}
}

static void add_date(struct buf *out, int64_t us)
{
	/* not strftime: the words are English wherever this runs */
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	buf_addf(out, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d +0000\n", days + 3 * tm.tm_wday, tm.tm_mday,
		 months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void mail_compose(const struct mail *mail, struct buf *out)
{
	const char *host = strrchr(mail->from, '@');

	buf_addf(out, "From: %s\nTo: ", mail->from);
	for (size_t i = 0; i < mail->n_to; i++)
		buf_addf(out, "%s%s", i ? ",\n " : "", mail->to[i]);
	buf_addc(out, '\n');
	add_subject(out, mail->subject);
	add_date(out, mail->at);
	buf_addf(out, "Message-ID: <%s%s>\nX-Ferry-Delivery: %s\n", mail->delivery, host ? host : "@ferry",
		 mail->delivery);
	/* so that no absence note answers */
	buf_adds(out, "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
		 "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n");
	add_body(out, mail->text);
}
