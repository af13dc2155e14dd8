package main

import (
	"bufio"
	"encoding/json"
	"os"
	"sync"
)

// A call as process-calls.ts writes it; On is set for calls to what an earlier one made.
type call struct {
	ID   int               `json:"id"`
	On   int               `json:"on"`
	Call string            `json:"call"`
	Args []json.RawMessage `json:"args"`
}

// arg decodes an argument; the driver and its callers agree on the types.
func arg[T any](c call, index int) T {
	var value T
	if err := json.Unmarshal(c.Args[index], &value); err != nil {
		panic(err)
	}
	return value
}

// serve answers every line of stdin until it ends. Calls may wait for each other, so each has its own goroutine.
func serve(d *driver) {
	var writing sync.Mutex
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			panic(err)
		}
		go func() {
			result, err := d.handle(c)
			answer := map[string]any{"id": c.ID, "result": result}
			if err != nil {
				answer = map[string]any{"id": c.ID, "error": err.Error()}
			}
			writing.Lock()
			defer writing.Unlock()
			out.Encode(answer)
		}()
	}
}
