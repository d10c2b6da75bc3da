// Publishes the lines of stdin, 100 at a time, as a program that uses go-nsq does: multipublish HOST:PORT TOPIC.
package main

import (
	"bufio"
	"log"
	"os"

	nsq "github.com/nsqio/go-nsq"
)

func main() {
	producer, err := nsq.NewProducer(os.Args[1], nsq.NewConfig())
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	batch := make([][]byte, 0, 100)
	send := func() {
		if err := producer.MultiPublish(os.Args[2], batch); err != nil {
			log.Fatal(err)
		}
		batch = batch[:0]
	}
	for lines.Scan() {
		batch = append(batch, append([]byte(nil), lines.Bytes()...))
		if len(batch) == 100 {
			send()
		}
	}
	if len(batch) > 0 {
		send()
	}
	producer.Stop()
}
