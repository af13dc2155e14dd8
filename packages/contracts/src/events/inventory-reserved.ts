import { defineEvent, type EventData } from '@tributary/event-bus'

/** Inventory holds everything that the order asks for. Keyed by order, as the order's own events are. */
export const inventoryReserved = defineEvent({
  type: 'inventory.reserved',
  topic: 'inventory',
  key: (reservation) => reservation.orderId,
  schema: {
    type: 'record',
    name: 'InventoryReserved',
    namespace: 'shop',
    fields: [
      { name: 'orderId', type: 'string' },
      {
        name: 'items',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'ReservedItem',
            fields: [
              { name: 'sku', type: 'string' },
              { name: 'quantity', type: 'int' },
            ],
          },
        },
      },
    ],
  },
})

export type InventoryReserved = EventData<typeof inventoryReserved>
