import { defineEvent, type EventData } from '@tributary/event-bus'

/** Something that the order asks for is not there, and nothing of it was reserved: orders are filled whole or not at all. */
export const inventoryRejected = defineEvent({
  type: 'inventory.rejected',
  topic: 'inventory',
  key: (refusal) => refusal.orderId,
  schema: {
    type: 'record',
    name: 'InventoryRejected',
    namespace: 'shop',
    fields: [
      { name: 'orderId', type: 'string' },
      {
        name: 'shortages',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'Shortage',
            fields: [
              { name: 'sku', type: 'string' },
              { name: 'wanted', type: 'int' },
              { name: 'available', type: 'int' },
            ],
          },
        },
      },
    ],
  },
})

export type InventoryRejected = EventData<typeof inventoryRejected>
