/*
 * pin.h
 *	  Asking: the PIN, the login password, and OK or Cancel.
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
 * A login password, size with the terminator, in the same way.  Its bytes are
 * taken as they come.
 */
Outcome		password_read(int fd, char *password, size_t size);

/*
 * Writes the question to the descriptor out and reads the answer from standard
 * input; does both on the terminal when standard input is taken.  End of input
 * and anything unclear is Cancel.
 */
Answer		ask_ok(const char *question, bool stdin_taken, int out);

#endif
