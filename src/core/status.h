/*
 * status.h
 *	  What a function of the core answers.
 *
 * The core never raises: it returns one of these, and leaves its outputs
 * wiped unless the answer is QC_OK.  src/qrcred.c holds the one table that
 * turns a status into SQLSTATE, message and hint.
 */
#ifndef QC_STATUS_H
#define QC_STATUS_H

typedef enum QcStatus
{
	QC_OK = 0,
	QC_E_CRYPTO,				/* libcrypto refused or ran out of memory */
	QC_E_CODE,					/* not a well-formed QC1 code */
	QC_E_TICKET,				/* not a well-formed QT1 ticket or QS1 session */
	QC_E_DIGITS,				/* challenge digits: not 6..8 ASCII digits */
	QC_E_SUITE,					/* OCRA suite malformed */
	QC_E_SUITE_UNSUPPORTED,		/* OCRA-…-0 and 10 digits: implementations disagree */
	QC_E_QUESTION,				/* question missing, too long, or wrong alphabet */
	QC_E_COUNTER,				/* suite and counter argument disagree */
	QC_E_PIN,					/* suite and PIN hash argument disagree */
	QC_E_SESSION,				/* suite and session argument disagree */
	QC_E_TIME_STEP,				/* suite and time step argument disagree */
	QC_E_KEY,					/* key empty or too long */
	QC_E_LENGTH,				/* text over 65535 bytes, or digits out of range */
	QC_E_TIME,					/* a moment outside 1970-01-01 .. 2106-02-07T06:28:15Z */
	QC_E_DECODE,				/* more wrong bits than the code corrects */
	QC_E_PAYMENT,				/* a payment's text not as the protocol writes it */
	QC_STATUS_COUNT
} QcStatus;

#endif
