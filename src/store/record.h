/*
 * record.h
 *	  Rows changed in place on several pages, in one Generic WAL record.
 *
 * generic_xlog.h finds what a caller changed by comparing whole pages.  Here
 * the places are known, so only the rows are compared; the record is of the
 * same resource manager and replayed by the server as any other of it.
 *
 * A row is edited in a copy; pages are touched by qr_record_write() only, all
 * of them or none.  Nothing here allocates or raises, so that all of it may be
 * done with the pages locked.
 */
#ifndef QR_RECORD_H
#define QR_RECORD_H

#include "postgres.h"
#include "access/htup_details.h"
#include "access/xlogdefs.h"
#include "storage/buf.h"
#include "storage/itemptr.h"

#define QR_RECORD_ROWS	3
#define QR_ROW_BYTES	768		/* of a row may change: its first ones */
#define QR_ROW_STEP		8		/* compared, and noted, so many bytes at a time */

typedef struct QrRecordRow
{
	Buffer		buffer;
	char	   *place;			/* in the page */
	uint32		len;
	union
	{
		HeapTupleHeaderData header;
		char		bytes[QR_ROW_BYTES];
		int64		force_align;
	}			row;
	char		noted[QR_ROW_BYTES * 2];	/* what the WAL is told of it */
} QrRecordRow;

typedef struct QrRecord
{
	int			nrows;
	QrRecordRow rows[QR_RECORD_ROWS];
} QrRecord;

/* The pinned and locked page's row at tid when it is a normal one, else NULL. */
extern HeapTupleHeader qr_row_at(Buffer buffer, const ItemPointerData *tid,
								 uint32 *len);

/*
 * A copy to edit of the row at tid, which must be there; one row a page, and
 * not its length.  What stands behind QR_ROW_BYTES is not in the copy.
 */
extern HeapTupleHeader qr_record_row(QrRecord *r, Buffer buffer,
									 const ItemPointerData *tid);

/* Changes the pages, locked exclusively, and answers where the record ends. */
extern XLogRecPtr qr_record_write(QrRecord *r);

#endif
