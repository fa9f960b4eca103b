/*
 * qr.c
 *	  Content to QR symbol, with libqrencode.
 *
 * The content goes into the symbol as one segment of one mode.  libqrencode
 * could split it into segments of several modes, but then the version of a
 * symbol would depend on what the content looks like, and its capacity could
 * not be told in a sentence.
 */
#include "picture.h"

#include <errno.h>
#include <string.h>

#include <qrencode.h>

#include "chars.h"

/* Bits that version 40 holds (ISO/IEC 18004, table 7), by QRecLevel. */
static const int data_bits[] = {23648, 18672, 13328, 10208};

/* Mode indicator and character count of versions 27 to 40. */
#define HEADER_ALPHANUMERIC		(4 + 13)
#define HEADER_BYTES			(4 + 16)

/*
 * Bytes without a mark are ISO 8859-1 by the standard, and readers that guess
 * take short Chinese texts for Shift JIS or Big5.  So content that is not
 * ASCII carries the mark for UTF-8.
 */
#define ECI_UTF8				26
#define HEADER_ECI				(4 + 8)

static int
level_number(char level)
{
	switch (level)
	{
		case 'L':
			return QR_ECLEVEL_L;
		case 'M':
			return QR_ECLEVEL_M;
		case 'Q':
			return QR_ECLEVEL_Q;
		case 'H':
			return QR_ECLEVEL_H;
		default:
			return -1;
	}
}

static bool
is_alphanumeric(const char *content, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		char		c = content[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			  (c != '\0' && strchr(" $%*+-./:", c) != NULL)))
			return false;
	}
	return true;
}

static bool
is_ascii(const char *content, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		if ((unsigned char) content[i] > 0x7F)
			return false;
	}
	return true;
}

int
qp_limit(const char *content, size_t len, char level)
{
	int			number = level_number(level);
	int			bits;

	if (number < 0)
		return 0;
	bits = data_bits[number];
	if (!is_ascii(content, len))
		return (bits - HEADER_ECI - HEADER_BYTES) / 8;
	if (!is_alphanumeric(content, len))
		return (bits - HEADER_BYTES) / 8;

	/* two characters take 11 bits, a single last one 6 */
	bits -= HEADER_ALPHANUMERIC;
	return bits / 11 * 2 + (bits % 11 >= 6 ? 1 : 0);
}

QpStatus
qp_symbol(const char *content, size_t len, char level, QpSymbol *sym)
{
	QRencodeMode mode;
	QRinput    *input;
	QRcode	   *code;
	int			why;

	if (len == 0)
		return QP_E_EMPTY;
	if (len > (size_t) qp_limit(content, len, level))
		return QP_E_TOO_LONG;
	if (memchr(content, '\0', len) != NULL || !qp_utf8_valid(content, len))
		return QP_E_CONTENT;

	mode = is_alphanumeric(content, len) ? QR_MODE_AN : QR_MODE_8;
	input = QRinput_new2(0, (QRecLevel) level_number(level));
	if (input == NULL)
		return QP_E_MEMORY;
	if ((!is_ascii(content, len) && QRinput_appendECIheader(input, ECI_UTF8) != 0) ||
		QRinput_append(input, mode, (int) len, (const unsigned char *) content) != 0)
	{
		QRinput_free(input);
		return QP_E_MEMORY;
	}
	code = QRcode_encodeInput(input);
	why = errno;
	QRinput_free(input);
	if (code == NULL)
		return why == ERANGE ? QP_E_TOO_LONG : QP_E_MEMORY;

	sym->size = code->width;
	sym->version = code->version;
	for (int i = 0; i < code->width * code->width; i++)
		sym->dark[i] = code->data[i] & 1;
	QRcode_free(code);
	return QP_OK;
}
