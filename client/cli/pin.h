/*
 * pin.h
 *	  Asking: the PIN, and OK or Cancel.
 */
#ifndef PIN_H
#define PIN_H

#include "wallet.h"

typedef enum Answer
{
	ANSWER_OK,
	ANSWER_CANCEL,
	ANSWER_NOBODY				/* no terminal to ask at */
} Answer;

/*
 * Reads a PIN into guarded space (PIN_MAX + 1 bytes): one line of the
 * descriptor pin_fd, or, when that is negative, from the terminal without
 * echo.  Any line of 1 to PIN_MAX bytes is taken, for it may be a wrong PIN.
 */
Outcome		pin_read(int pin_fd, const char *prompt, char *pin);

/* A new PIN: PIN_MIN to PIN_MAX digits; on the terminal asked for twice. */
Outcome		pin_read_new(int pin_fd, char *pin);

/*
 * Asks the question on standard input, or on the terminal when standard input
 * is taken.  End of input and anything unclear is Cancel.
 */
Answer		ask_ok(const char *question, bool stdin_taken);

#endif
