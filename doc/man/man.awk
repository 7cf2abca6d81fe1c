# SPDX-License-Identifier: Apache-2.0
# man.awk - a manual page in man(7) out of the Markdown that ferry's manuals are written in.
#
#   awk -v date=2026-11-22 -v source='ferry 0.1.0' -f man.awk ferry-sqlite.md
#
# It knows what those texts use: headings, paragraphs, lists, definition lists (": " under a term), fenced
# code, tables, `code`, **strong**, *emphasis* and links. It is a program of ours because of the converters
# in Debian 12 the small ones spoil tables within lists, and the one that does not takes 168 MB.
#
# A paragraph that is nothing but a link to a heading of another file stands for the text under that heading:
# ferry-syncs(5) is so made of chapters of configuration.md. Tables of keywords become lists.
#
# The first line must be "# NAME(SECTION)".

function die(text)
{
	print FILENAME ": " text >"/dev/stderr"
	failed = 1
	exit 1
}

# The anchor that a renderer makes of a heading.
function anchor(s)
{
	s = tolower(s)
	gsub(/[^a-z0-9 _-]/, "", s)
	gsub(/ /, "-", s)
	return s
}

# The lines under a heading, up to the next one that is not below it.
function include(target,    file, want, line, level, mine, code, n)
{
	file = target
	sub(/#.*/, "", file)
	want = target
	sub(/^[^#]*#/, "", want)
	if (file !~ /^\//)
		file = folder "/" file
	while ((n = (getline line <file)) > 0) {
		if (line ~ /^ *```/)
			code = !code
		if (!code && line ~ /^#+ /) {
			level = match(line, /[^#]/) - 1
			if (mine && level <= mine)
				break
			if (mine) {
				# its first level of chapters is what ### is here
				sub(/^#+/, "###", line)
			} else if (anchor(substr(line, level + 2)) == want) {
				mine = level
				continue
			}
		}
		if (mine)
			lines[++count] = line
	}
	if (n < 0)
		die("cannot read " file)
	if (!mine)
		die(file " has no heading #" want)
	close(file)
}

# ---- text

# What a reader sees of it, for headings and the width of cells.
function plain(s)
{
	gsub(/`/, "", s)
	gsub(/\*\*/, "", s)
	while (match(s, /\[[^]]*\]\([^)]*\)/))
		s = substr(s, 1, RSTART - 1) linked(substr(s, RSTART, RLENGTH)) substr(s, RSTART + RLENGTH)
	gsub(/\\\|/, "|", s)
	return s
}

function linked(link,    text, target, name)
{
	text = target = link
	sub(/^\[/, "", text)
	sub(/\]\(.*/, "", text)
	sub(/^\[[^]]*\]\(/, "", target)
	sub(/\)$/, "", target)
	name = target
	sub(/#.*/, "", name)
	sub(/.*\//, "", name)
	if (target ~ /^#/ || text ~ /\([0-9]\)$/)
		return text
	if (name ~ /^ferry-[a-z_-]*\.md$/ || name ~ /^ferry[a-z.-]*\.[0-9]\.md$/) {
		sub(/\.md$/, "", name)
		return name ~ /\.[0-9]$/ ? substr(name, 1, length(name) - 2) "(" substr(name, length(name)) ")" : name "(5)"
	}
	if (target ~ /^[a-z]*:/)
		return text == target ? text : text " <" target ">"
	name = name == "" ? target : name
	return index(text, name) ? text : text " (" name ")"
}

function escaped(s)
{
	gsub(/\\/, "\\e", s)
	return s
}

# Code is copied and pasted: signs that a typesetter makes others of stay what they are.
function literal(s)
{
	s = escaped(s)
	gsub(/-/, "\\-", s)
	gsub(/'/, "\\(aq", s)
	gsub(/`/, "\\(ga", s)
	gsub(/\^/, "\\(ha", s)
	gsub(/~/, "\\(ti", s)
	return s
}

function inline(s,    out, c, end, bold, slant, word)
{
	while (s != "") {
		c = substr(s, 1, 1)
		if (c == "`" && (end = index(substr(s, 2), "`"))) {
			word = literal(substr(s, 2, end - 1))
			gsub(/\\e\|/, "|", word)
			# no word of it is broken at the end of a line
			gsub(/ +/, " \\%", word)
			out = out "\\fB\\%" word "\\fR"
			s = substr(s, end + 2)
		} else if (substr(s, 1, 2) == "**") {
			bold = !bold
			out = out (bold ? "\\fB" : "\\fR")
			s = substr(s, 3)
		} else if (c == "*" && (slant || s ~ /^\*[^ *][^*]*\*/)) {
			slant = !slant
			out = out (slant ? "\\fI" : "\\fR")
			s = substr(s, 2)
		} else if (c == "[" && match(s, /^\[[^]]*\]\([^)]*\)/)) {
			# the text of a link may hold code
			word = linked(substr(s, 1, RLENGTH))
			s = substr(s, RLENGTH + 1)
			out = out inline(word)
		} else if (c == "\\" && s ~ /^\\[|*`_\[\]<>#-]/) {
			out = out substr(s, 2, 1)
			s = substr(s, 3)
		} else {
			out = out escaped(c)
			s = substr(s, 2)
		}
	}
	# the name of a manual page stays in one piece
	gsub(/[a-z][a-z0-9._-]*\([1-8]\)/, "\\%&", out)
	return out
}

# One line of output that may not be taken for a request.
function guarded(s)
{
	return s ~ /^[.']/ ? "\\&" s : s
}

# Text in lines of a bearable length; `between` stands between two of them.
function say(s, between,    n, word, i, line)
{
	n = split(s, word, " ")
	for (i = 1; i <= n; i++)
		if (line == "")
			line = word[i]
		else if (length(line) + length(word[i]) < 78)
			line = line " " word[i]
		else {
			print guarded(line) between
			line = word[i]
		}
	if (line != "")
		print guarded(line)
}

# ---- what is on the way

# Lists within lists: as many .RS as the place in the text is deep.
function deep(level)
{
	for (; depth < level; depth++)
		print ".RS"
	for (; depth > level; depth--)
		print ".RE"
}

# A term and what it means; both may be long.
function term(level, text)
{
	start_item(level, ".TP")
	say(inline(text), "\n.TQ")
}

function flush_paragraph(    text)
{
	text = paragraph
	paragraph = ""
	if (text == "")
		return
	if (indent == 0) {
		deep(0)
		if (!fresh)
			print ".PP"
	} else {
		deep(indent - 1)
		if (!fresh)
			print ".IP"
	}
	say(inline(text))
	fresh = 0
}

function start_item(level, head)
{
	deep(level)
	print head
	fresh = 1
	indent = level + 1
}

function heading(level, text)
{
	flush_paragraph()
	deep(0)
	indent = 0
	print (level == 2 ? ".SH " : ".SS ") "\"" literal(level == 2 ? toupper(plain(text)) : plain(text)) "\""
	fresh = 1
	section = toupper(plain(text))
}

function code_block(from,    i, line, cut)
{
	flush_paragraph()
	if (indent == 0) {
		deep(0)
		if (!fresh)
			print ".PP"
		print ".RS 4"
	} else {
		deep(indent)
		if (!fresh)
			print ".PP"
	}
	cut = match(lines[from], /`/) - 1
	print ".EX"
	for (i = from + 1; i <= count && lines[i] !~ /^ *```/; i++) {
		line = lines[i]
		if (substr(line, 1, cut) ~ /^ *$/)
			line = substr(line, cut + 1)
		gsub(/\t/, "        ", line)
		print guarded(literal(line))
	}
	print ".EE"
	if (indent == 0)
		print ".RE"
	fresh = 0
	return i
}

# ---- tables

function split_row(line, cell,    n, i)
{
	sub(/^ *\| */, "", line)
	sub(/ *\| *$/, "", line)
	gsub(/\\\|/, "\001", line)
	n = split(line, cell, / *\| */)
	for (i = 1; i <= n; i++)
		gsub(/\001/, "\\|", cell[i])
	return n
}

# | key | type | default | limits | meaning |
function keyword_table(from, to,    i, cell, about)
{
	for (i = from + 2; i <= to; i++) {
		split_row(lines[i], cell)
		about = cell[2]
		if (cell[3] != "")
			about = about (cell[3] == "required" ? ", required" : ", default " cell[3])
		if (cell[4] != "" && cell[4] != plain(cell[3]))
			about = about ", " cell[4]
		term(indent, cell[1] " (" about ")")
		say(inline(cell[5]))
		indent--
	}
	fresh = 0
}

# Columns as wide as their texts where there is room; those that are wider share what is left, none of them
# narrower than its longest word. True when that goes well.
function widths(from, to, n,    i, k, w, cell, word, room, many, share, any, sum)
{
	split("", fits)
	split("", longest)
	split("", fixed)
	for (k = 1; k <= n; k++)
		wide[k] = 0
	for (i = from; i <= to; i++) {
		if (i == from + 1)
			continue
		split_row(lines[i], cell)
		for (k = 1; k <= n; k++) {
			if (length(plain(cell[k])) > wide[k])
				wide[k] = length(plain(cell[k]))
			for (w = split(plain(cell[k]), word, " "); w > 0; w--)
				if (length(word[w]) > longest[k])
					longest[k] = length(word[w])
		}
	}
	room = 71 - 4 * indent - 3 * (n - 1)
	many = n
	do {
		any = 0
		share = many ? int(room / many) : 0
		for (k = 1; k <= n; k++)
			if (!(k in fits) && wide[k] <= share) {
				fits[k] = 1
				room -= wide[k]
				many--
				any = 1
			}
	} while (any)
	do {
		any = sum = 0
		for (k = 1; k <= n; k++)
			sum += k in fits || k in fixed ? 0 : sqrt(wide[k])
		for (k = 1; k <= n; k++) {
			if (k in fits || k in fixed)
				continue
			share = int(room * sqrt(wide[k]) / sum)
			if (share < longest[k]) {
				room -= wide[k] = longest[k]
				fixed[k] = any = 1
				break
			}
		}
	} while (any)
	for (k = 1; k <= n; k++)
		if (!(k in fits) && !(k in fixed)) {
			wide[k] = int(room * sqrt(wide[k]) / sum)
			any = any || wide[k] < 14
		}
	return room >= 0 && !any
}

# A table that does not fit is a list: the first column is the term, the others say what there is to it.
function as_list(from, to, n,    i, k, cell, about)
{
	for (i = from + 2; i <= to; i++) {
		split_row(lines[i], cell)
		term(indent, cell[1])
		about = ""
		for (k = 2; k <= n; k++)
			if (cell[k] != "")
				about = about (about == "" ? "" : "; ") cell[k]
		say(inline(about))
		indent--
	}
	fresh = 0
}

function table_row(line, n, head,    k, cell, out)
{
	split_row(line, cell)
	for (k = 1; k <= n; k++) {
		if (!head && !(k in fits) && cell[k] != "") {
			print out (k == 1 ? "" : "|") "T{"
			say(inline(cell[k]))
			out = "T}"
		} else
			out = out (k > 1 ? "|" : "") (head ? plain(cell[k]) : inline(cell[k]))
	}
	gsub(/\\&\|/, "|", out)
	print guarded(out)
}

function table(from,    to, n, k, cell, format, i)
{
	for (to = from; to < count && lines[to + 1] ~ /^ *\|/; to++)
		;
	flush_paragraph()
	if (lines[from] ~ /\| *key *\| *type *\| *default *\|/) {
		keyword_table(from, to)
		return to
	}
	n = split_row(lines[from], cell)
	if (!widths(from, to, n)) {
		as_list(from, to, n)
		return to
	}
	deep(indent)
	if (!fresh)
		print ".PP"
	print ".TS\ntab(|) nospaces;"
	format = ""
	for (k = 1; k <= n; k++)
		format = format (k > 1 ? " " : "") "lb"
	print format
	format = ""
	for (k = 1; k <= n; k++)
		format = format (k > 1 ? " " : "") "l" (k in fits ? "" : k == n ? "x" : "w(" wide[k] "n)")
	print format "."
	for (i = from; i <= to; i++)
		if (i == from + 1)
			print "_"
		else
			table_row(lines[i], n, i == from)
	print ".TE"
	fresh = 0
	return to
}

# ---- the page

NR == 1 {
	if ($0 !~ /^# [A-Za-z0-9._-]+\([0-9]\)$/)
		die("the first line is not '# NAME(SECTION)'")
	title = substr($0, 3)
	number = title
	sub(/\(.*/, "", title)
	gsub(/.*\(|\)/, "", number)
	folder = made_from = FILENAME
	sub(/.*\//, "", made_from)
	if (!sub(/\/[^\/]*$/, "", folder))
		folder = "."
	next
}

/^\[[^]]*\]\([^)]*\.md#[^)]*\)$/ && previous == "" {
	target = $0
	gsub(/^\[[^]]*\]\(|\)$/, "", target)
	include(target)
	next
}

{ lines[++count] = previous = $0 }

END {
	if (failed)
		exit 1
	print "'\\\" t"
	print ".\\\" Made from " made_from " by man.awk."
	print ".TH " toupper(title) " " number " \"" date "\" \"" source "\" \"ferry\""
	print ".nh\n.ad l"
	for (i = 1; i <= count; i++) {
		line = lines[i]
		if (line ~ /^ *$/) {
			flush_paragraph()
			blank = 1
			continue
		}
		match(line, /[^ ]/)
		lead = RSTART - 1
		text = substr(line, RSTART)
		# text at the margin ends the lists, unless it goes on with a line of the one before
		if (blank && lead == 0)
			indent = 0
		else if (blank && lead < 2 * indent)
			indent = int(lead / 2)
		blank = 0
		if (text ~ /^```/)
			i = code_block(i)
		else if (line ~ /^## /)
			heading(2, substr(line, 4))
		else if (line ~ /^### /)
			heading(3, substr(line, 5))
		else if (text ~ /^\|/)
			i = table(i)
		else if (text ~ /^<!--.*-->$/)
			continue
		else if (text ~ /^: /) {
			# what seemed a paragraph is the term
			head = paragraph
			paragraph = ""
			term(int(lead / 2), head)
			if (text ~ /^: (\||```)/) {
				lines[i] = substr("                ", 1, 2 * indent) substr(text, 3)
				i--
			} else
				paragraph = substr(text, 3)
		} else if (text ~ /^[-*] /) {
			flush_paragraph()
			start_item(int(lead / 2), ".IP \\(bu 2")
			paragraph = substr(text, 3)
		} else if (text ~ /^[0-9]+\. / && (paragraph == "" || in_numbers)) {
			flush_paragraph()
			in_numbers = 1
			match(text, /\. /)
			start_item(int(lead / 2), ".IP " substr(text, 1, RSTART) " 4")
			paragraph = substr(text, RSTART + 2)
		} else if (section == "NAME" && text ~ / - /) {
			sub(/ - /, " \\- ", text)
			say(text)
			fresh = 0
		} else {
			if (paragraph == "")
				in_numbers = 0
			paragraph = paragraph (paragraph == "" ? "" : " ") text
		}
	}
	flush_paragraph()
	deep(0)
}
