/*
 * record.c
 *	  Rows changed in place on several pages, in one Generic WAL record.
 *
 * What a Generic WAL record holds of a block is a row of pieces: offset in the
 * page and length, two bytes each, then the bytes to put there.
 */
#include "postgres.h"

#include "store/record.h"

#include "access/rmgr.h"
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"

#define PIECE_HEADER	(2 * sizeof(uint16))

StaticAssertDecl(QR_ROW_BYTES % QR_ROW_STEP == 0, "a row's last step is whole");
StaticAssertDecl(QR_ROW_STEP >= PIECE_HEADER,
				 "were each second step a piece, they would fit in twice the row");

HeapTupleHeader
qr_row_at(Buffer buffer, const ItemPointerData *tid, uint32 *len)
{
	Page		page = BufferGetPage(buffer);
	OffsetNumber offset = ItemPointerGetOffsetNumber(tid);
	ItemId		item;

	if (offset > PageGetMaxOffsetNumber(page))
		return NULL;
	item = PageGetItemId(page, offset);
	if (!ItemIdIsNormal(item))
		return NULL;
	*len = ItemIdGetLength(item);
	return (HeapTupleHeader) PageGetItem(page, item);
}

HeapTupleHeader
qr_record_row(QrRecord *r, Buffer buffer, const ItemPointerData *tid)
{
	QrRecordRow *row = &r->rows[r->nrows++];

	row->buffer = buffer;
	row->place = (char *) qr_row_at(buffer, tid, &row->len);
	row->len = Min(row->len, QR_ROW_BYTES);
	memcpy(row->row.bytes, row->place, row->len);
	return &row->row.header;
}

/* Notes the steps that differ, runs of them as one piece, and applies them. */
static uint32
apply(QrRecordRow *row)
{
	uint16		at = row->place - BufferGetPage(row->buffer);
	char	   *out = row->noted;
	uint32		i = 0;

	while (i < row->len)
	{
		uint32		n = 0;

		while (i + n < row->len &&
			   memcmp(row->place + i + n, row->row.bytes + i + n,
					  Min(QR_ROW_STEP, row->len - i - n)) != 0)
			n += QR_ROW_STEP;
		n = Min(n, row->len - i);
		if (n > 0)
		{
			uint16		offset = at + i;
			uint16		length = n;

			memcpy(out, &offset, sizeof(offset));
			memcpy(out + sizeof(offset), &length, sizeof(length));
			memcpy(out + PIECE_HEADER, row->row.bytes + i, n);
			memcpy(row->place + i, row->row.bytes + i, n);
			out += PIECE_HEADER + n;
		}
		i += n + QR_ROW_STEP;
	}
	return out - row->noted;
}

XLogRecPtr
qr_record_write(QrRecord *r)
{
	/* hint bits, which nobody logs, would fail a comparison of pages */
	bool		is_compared = wal_consistency_checking[RM_GENERIC_ID];
	XLogRecPtr	lsn;
	int			i;

	START_CRIT_SECTION();
	XLogBeginInsert();
	for (i = 0; i < r->nrows; i++)
	{
		QrRecordRow *row = &r->rows[i];
		uint32		n = apply(row);

		MarkBufferDirty(row->buffer);
		if (is_compared)
			XLogRegisterBuffer(i, row->buffer, REGBUF_STANDARD | REGBUF_FORCE_IMAGE);
		else
		{
			XLogRegisterBuffer(i, row->buffer, REGBUF_STANDARD);
			XLogRegisterBufData(i, row->noted, n);
		}
	}
	lsn = XLogInsert(RM_GENERIC_ID, 0);
	for (i = 0; i < r->nrows; i++)
		PageSetLSN(BufferGetPage(r->rows[i].buffer), lsn);
	END_CRIT_SECTION();
	return lsn;
}
