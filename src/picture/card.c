/*
 * card.c
 *	  The card that a wallet or a letter shows: QR, issuer, purpose, frame.
 *
 * The card has the proportions of a payment card.  The dark edge of the QR
 * lies on the same margin as the text below it, and the quiet zone is the
 * card's own white.  Every text lives in a box that clips, so nothing ever
 * comes near the QR or leaves the frame, whatever font the viewer has.
 */
#include "lines.h"

#define CARD_WIDTH		860
#define CARD_HEIGHT		540
#define MARGIN			56
#define RIGHT			(CARD_WIDTH - MARGIN)
#define QUIET			4

/* side of the dark part of the QR: nine units a module for a code */
#define QR_SIDE			261

/* height of a card that has nothing below the QR */
#define SHORT_HEIGHT	(QR_SIDE + 2 * MARGIN)

#define INK				"#14233b"
#define SOFT_INK		"#3d4c66"
#define FAINT_INK		"#66758f"

#define MAX_LINES		8

typedef struct Box
{
	int			x;
	int			y;
	int			width;
	int			height;
} Box;

/* A size at which a text is tried, from large to small. */
typedef struct Fit
{
	int			size;
	int			leading;
	int			lines;
} Fit;

typedef struct Style
{
	const Fit  *fits;
	int			nfits;
	bool		bold;
	bool		to_right;		/* lines end at the right edge of the box */
	bool		follow;			/* right-to-left text starts at the right */
	const char *colour;
} Style;

#define FITS(f)		f, sizeof(f) / sizeof((f)[0])

static const Fit issuer_fits[] = {
	{38, 48, 1}, {34, 48, 1}, {38, 48, 2}, {32, 41, 3}, {26, 34, 5}, {22, 29, 8}
};
static const Fit face_fits[] = {
	{46, 56, 1}, {38, 56, 1}, {30, 56, 1}, {24, 28, 2}, {20, 28, 2}
};
static const Fit label_fits[] = {{16, 20, 1}, {13, 20, 1}};
static const Fit day_fits[] = {{26, 30, 1}};
static const Fit purpose_fits[] = {{24, 33, 2}, {20, 28, 3}, {16, 22, 4}};
static const Fit tall_fits[] = {{26, 36, 4}, {22, 30, 5}, {18, 25, 6}};

static const Style issuer_style = {FITS(issuer_fits), true, true, false, INK};
static const Style face_style = {FITS(face_fits), true, false, false, INK};
static const Style label_style = {FITS(label_fits), false, true, false, FAINT_INK};
static const Style day_style = {FITS(day_fits), false, true, false, INK};
static const Style purpose_style = {FITS(purpose_fits), false, false, true, SOFT_INK};
static const Style tall_style = {FITS(tall_fits), false, false, true, SOFT_INK};

static void
out_attribute(QpOut *out, const char *name, int value)
{
	qp_out_text(out, " ");
	qp_out_text(out, name);
	qp_out_text(out, "=\"");
	qp_out_number(out, value);
	qp_out_text(out, "\"");
}

/* Opens an svg element that clips at the box and keeps the card's coordinates. */
static void
open_box(QpOut *out, const Box *box)
{
	qp_out_text(out, "<svg");
	out_attribute(out, "x", box->x);
	out_attribute(out, "y", box->y);
	out_attribute(out, "width", box->width);
	out_attribute(out, "height", box->height);
	qp_out_text(out, " viewBox=\"");
	qp_out_number(out, box->x);
	qp_out_text(out, " ");
	qp_out_number(out, box->y);
	qp_out_text(out, " ");
	qp_out_number(out, box->width);
	qp_out_text(out, " ");
	qp_out_number(out, box->height);
	qp_out_text(out, "\" overflow=\"hidden\">");
}

/* Lays the text out at the first size that holds all of it, else cuts it. */
static void
out_block(QpOut *out, const char *text, const Box *box, const Style *style)
{
	QpLine		lines[MAX_LINES];
	const Fit  *fit = style->fits;
	bool		whole = false;
	bool		rtl = qp_right_to_left(text);
	bool		to_right = style->to_right || (rtl && style->follow);
	int			n = 0;

	for (int i = 0; i < style->nfits && !whole; i++)
	{
		/* bold letters are a tenth wider */
		int			units = box->width * (style->bold ? 909 : 1000);

		fit = &style->fits[i];
		n = qp_break_lines(text, units / fit->size, fit->lines, lines, &whole);
	}

	open_box(out, box);
	qp_out_text(out, "<g fill=\"");
	qp_out_text(out, style->colour);
	qp_out_text(out, "\"");
	out_attribute(out, "font-size", fit->size);
	if (style->bold)
		qp_out_text(out, " font-weight=\"700\"");
	if (rtl)
		qp_out_text(out, " direction=\"rtl\"");
	if (to_right != rtl)
		qp_out_text(out, " text-anchor=\"end\"");
	qp_out_text(out, ">");
	for (int i = 0; i < n; i++)
	{
		qp_out_text(out, "<text");
		out_attribute(out, "x", to_right ? box->x + box->width : box->x);
		out_attribute(out, "y", box->y + (fit->leading + fit->size * 7 / 10) / 2 + i * fit->leading);
		qp_out_text(out, ">");
		qp_out_line(out, &lines[i]);
		qp_out_text(out, "</text>");
	}
	qp_out_text(out, "</g></svg>");
}

/*
 * The day of a moment in the proleptic Gregorian calendar, as YYYY-MM-DD.
 * Years are counted from March, so that a leap day is a year's last one.
 */
static void
print_day(int64_t seconds, char out[32])
{
	int64_t		days = seconds / 86400 + 719468;	/* since 0000-03-01 */
	int64_t		era = days / 146097;
	int			in_era = (int) (days % 146097);
	int			year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int			in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int			month = (5 * in_year + 2) / 153;	/* 0 is March */
	int			day = in_year - (153 * month + 2) / 5 + 1;
	int64_t		year = era * 400 + year_of_era + (month >= 10);
	int64_t		scale = 1000;

	month = month < 10 ? month + 3 : month - 9;
	while (year / scale >= 10)
		scale *= 10;
	for (; scale > 0; scale /= 10)
		*out++ = (char) ('0' + year / scale % 10);
	*out++ = '-';
	*out++ = (char) ('0' + month / 10);
	*out++ = (char) ('0' + month % 10);
	*out++ = '-';
	*out++ = (char) ('0' + day / 10);
	*out++ = (char) ('0' + day % 10);
	*out = '\0';
}

static void
out_head(QpOut *out, int height)
{
	qp_out_text(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	out_attribute(out, "width", CARD_WIDTH);
	out_attribute(out, "height", height);
	qp_out_text(out, " viewBox=\"0 0 ");
	qp_out_number(out, CARD_WIDTH);
	qp_out_text(out, " ");
	qp_out_number(out, height);
	qp_out_text(out, "\" direction=\"ltr\" font-family=\"'Helvetica Neue', Helvetica, Arial, "
				"'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', "
				"'Noto Sans SC', 'Source Han Sans SC', 'WenQuanYi Zen Hei', sans-serif\">"
				"<rect x=\"2\" y=\"2\"");
	out_attribute(out, "width", CARD_WIDTH - 4);
	out_attribute(out, "height", height - 4);
	qp_out_text(out, " rx=\"30\" fill=\"#fff\" stroke=\"" INK "\" stroke-width=\"3\"/>");
}

/* The symbol, whatever its version, with its dark part on the margins. */
static void
out_qr(QpOut *out, const QpSymbol *sym)
{
	qp_out_text(out, "<svg");
	out_attribute(out, "x", MARGIN);
	out_attribute(out, "y", MARGIN);
	out_attribute(out, "width", QR_SIDE);
	out_attribute(out, "height", QR_SIDE);
	qp_out_text(out, " viewBox=\"0 0 ");
	qp_out_number(out, sym->size);
	qp_out_text(out, " ");
	qp_out_number(out, sym->size);
	qp_out_text(out, "\" shape-rendering=\"crispEdges\"><path fill=\"#000\" d=\"");
	qp_out_modules(out, sym, 1, 0);
	qp_out_text(out, "\"/></svg>");
}

QpStatus
qp_card_svg(const QpCard *card, QpSink *sink)
{
	const char *texts[] = {card->issuer, card->purpose, card->face_value, card->valid_label};
	bool		has_purpose;
	bool		has_face;
	bool		has_day = card->valid_until >= 0;
	QpOut		out;

	for (int i = 0; i < 4; i++)
	{
		const char *p = texts[i];
		size_t		len = 0;

		while (p != NULL && p[len] != '\0')
			len++;
		if (p != NULL && !qp_utf8_valid(p, len))
			return QP_E_CONTENT;
	}
	has_purpose = card->purpose != NULL && !qp_blank(card->purpose);
	has_face = card->face_value != NULL && !qp_blank(card->face_value);

	qp_out_begin(&out, sink);
	out_head(&out, has_purpose || has_face || has_day ? CARD_HEIGHT : SHORT_HEIGHT);
	out_qr(&out, card->symbol);
	if (card->issuer != NULL && !qp_blank(card->issuer))
	{
		static const Box box = {372, 50, RIGHT - 372, 267};

		out_block(&out, card->issuer, &box, &issuer_style);
	}
	if (has_face)
	{
		Box			box = {MARGIN, 355, has_day ? 520 : RIGHT - MARGIN, 58};

		out_block(&out, card->face_value, &box, &face_style);
	}
	if (has_day)
	{
		static const Box label_box = {RIGHT - 216, 352, 216, 24};
		static const Box day_box = {RIGHT - 216, 375, 216, 36};
		const char *label = card->valid_label ? card->valid_label : "Valid until";
		char		day[32];

		print_day(card->valid_until, day);
		out_block(&out, label, &label_box, &label_style);
		out_block(&out, day, &day_box, &day_style);
	}
	if (has_purpose && has_face)
	{
		static const Box box = {MARGIN, 428, RIGHT - MARGIN, 92};

		out_block(&out, card->purpose, &box, &purpose_style);
	}
	else if (has_purpose)
	{
		Box			box = {MARGIN, 360, has_day ? 520 : RIGHT - MARGIN, 156};

		out_block(&out, card->purpose, &box, &tall_style);
	}
	qp_out_text(&out, "</svg>\n");
	return qp_out_end(&out);
}
