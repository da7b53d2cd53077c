/* html.c - the frame, the style and the tables of a page. */
#include "app/html.h"

void html_text(struct buf *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		case '\'':
			buf_adds(out, "&#39;");
			break;
		default:
			buf_addc(out, *s);
		}
}

static const char style[] =
	":root{--bg:#fff;--fg:#1b1f24;--dim:#5b6570;--grid:#e3e7eb;--c0:#0b62c4;--c1:#b45309;--c2:#a3acb6}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e4e8ec;--dim:#9aa4af;--grid:#2b3138;--c0:#6cb2ff;"
	"--c1:#f0a35e;--c2:#59636e}}\n"
	"body{background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;"
	"padding:0 1rem}\n"
	"h1{font-size:1.4rem;line-height:1.3}h2{font-size:1.05rem;margin:2rem 0 .4rem}h3{font-size:.95rem;margin:1rem "
	"0 .2rem}p{margin:.3rem 0}\n"
	".dim,.legend,caption{color:var(--dim)}svg{width:100%;min-width:40rem;height:auto}\n"
	"table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
	"caption{text-align:left}th,td{padding:.2rem .5rem;text-align:right;border-bottom:1px solid var(--grid)}\n"
	"th:first-child,td:first-child{text-align:left;min-width:6rem;overflow-wrap:anywhere}td:not(:first-child){"
	"white-space:nowrap}."
	"wide{overflow-x:auto}tr.headline{color:var(--c1)}tr.sum{font-weight:600}\n"
	"text{fill:var(--dim);font:11px system-ui,sans-serif}.y{text-anchor:end}.x{text-anchor:middle}\n"
	".grid{stroke:var(--grid)}.mark,.whisker{stroke:var(--fg)}.mark{stroke-dasharray:5 4}\n"
	".line{fill:none;stroke-width:1.2}.c0.line,.c1.line{stroke-width:2.4}\n"
	".c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}\n"
	".dot{stroke:none}.c0.dot{fill:var(--c0)}.c1.dot{fill:var(--c1)}.c2.dot{fill:var(--c2)}\n"
	".better{fill:var(--c0)}.worse{fill:var(--c1)}\n"
	".k0::before,.k1::before,.k2::before{content:\"\\2014\\a0\"}.k0{color:var(--c0)}.k1{color:var(--c1)}\n"
	".curve{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}.d1{stroke-dasharray:7 4}"
	".d2{stroke-dasharray:1 4}.d3{stroke-dasharray:9 4 1 4}\n"
	".j0{color:#0b7ad1}.j1{color:#c2570c}.j2{color:#16904a}.j3{color:#9a50e0}.j4{color:#d03a80}.j5{color:#9a7b06}"
	".j6{color:#0a8ea6}.j7{color:#6d8a12}.j8{color:#6a70f0}.j9{color:#dc3b3b}.j10{color:#857a74}.j11{color:#0c9484}"
	"\n"
	".curve,.best{stroke:currentColor}.best{fill:var(--bg);stroke-width:1.6}.best.first{fill:currentColor}\n"
	".swatch{width:28px;min-width:0;height:6px;vertical-align:middle}.legend "
	"span{margin-right:1em;white-space:nowrap}\n"
	".lone{fill:currentColor}td.text,td.value{white-space:normal;overflow-wrap:anywhere;min-width:5rem}"
	"td.text{text-align:left;min-width:14rem}\n"
	"pre{overflow:auto;max-height:32rem;font:12px/1.45 ui-monospace,monospace;border-left:3px solid var(--grid);"
	"padding:.2rem .6rem}\n";

void html_open(struct buf *out, const char *title)
{
	buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	html_text(out, title);
	buf_addf(out, "</title>\n<style>\n%s</style></head><body>\n", style);
}

void html_close(struct buf *out)
{
	buf_adds(out, "</body></html>\n");
}

void html_element(struct buf *out, const char *tag, const char *text)
{
	buf_addf(out, "<%s>", tag);
	html_text(out, text);
	buf_addf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

void html_table_open(struct buf *out, const char *caption, const char *const *titles, size_t n)
{
	buf_adds(out, "<div class=\"wide\"><table>");
	if (caption)
		html_element(out, "caption", caption);
	buf_adds(out, "<tr>");
	for (size_t i = 0; i < n; i++)
		html_element(out, "th scope=\"col\"", titles[i]);
	buf_adds(out, "</tr>\n");
}

void html_cell(struct buf *out, const char *text)
{
	html_element(out, "td", text);
}

void html_table_close(struct buf *out)
{
	buf_adds(out, "</table></div>\n");
}
