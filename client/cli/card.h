/*
 * card.h
 *	  What the customer and the scanner see: in the terminal, or in a file.
 */
#ifndef CARD_H
#define CARD_H

#include "wallet.h"

/* The QR symbol of a code; invert is for dark text on light ground. */
Outcome		card_symbol_print(const char *code, bool invert);

/* The card: QR upper left, issuer upper right, texts below, framed. */
Outcome		card_print(const Credential *cred, bool invert);

/*
 * The same as pictures; "-" is standard output.  A card is SVG or PNG by the
 * ending of the file's name.
 */
Outcome		card_symbol_file(const char *code, const char *path);
Outcome		card_file(const Credential *cred, const char *path);

/* False unless card_file() knows the ending. */
bool		card_file_known(const char *path);

#endif
