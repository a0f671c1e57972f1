package policytable

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const (
	payloadType    = "application/vnd.policyc.table+json"
	mostBytes      = 1 << 20 // of an envelope
	mostSignatures = 100
)

// ParsePublicKey reads an Ed25519 public key: PEM text of a SubjectPublicKeyInfo, as `policyc keygen` writes it.
func ParsePublicKey(text []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("this is not a public key in PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	if key, ok := key.(ed25519.PublicKey); ok {
		return key, nil
	}
	return nil, errors.New("this is a public key of another kind; tables are signed with Ed25519")
}

// verify demands a DSSE envelope (https://github.com/secure-systems-lab/dsse, version 1) around a table's first line, signed by one of the
// keys. A keyid is a hint, and decides nothing.
func verify(first, envelope []byte, keys []ed25519.PublicKey) error {
	if len(keys) == 0 {
		return errors.New("there is a signature to verify and no key")
	}
	payload, signatures, err := openSignature(envelope)
	if err != nil {
		return err
	}
	if !bytes.Equal(payload, first) {
		return errors.New("the signature is of another table, or the table was changed since it was signed")
	}
	message := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
	for _, key := range keys {
		for _, signature := range signatures {
			if len(key) == ed25519.PublicKeySize && ed25519.Verify(key, message, signature) {
				return nil
			}
		}
	}
	return errors.New("the table is not signed by any of the keys")
}

// openSignature takes an envelope apart. Nothing is verified.
func openSignature(envelope []byte) (payload []byte, signatures [][]byte, err error) {
	if len(envelope) >= mostBytes {
		return nil, nil, errors.New("the signature is far too large for one")
	}
	err = wellFormed(func() {
		content := asObject(decoded(envelope))
		asOneOf(content["payloadType"], payloadType)
		payload = asBase64(content["payload"])
		for _, s := range asList(content["signatures"]) {
			signatures = append(signatures, asBase64(asObject(s)["sig"]))
		}
		if len(signatures) > mostSignatures {
			malformed("more than %d signatures", mostSignatures)
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("the signature is not a DSSE envelope of a table (%v)", err)
	}
	return payload, signatures, nil
}

// asBase64 is what base64 stands for, in the standard or the URL-safe alphabet, as DSSE has it.
func asBase64(v any) []byte {
	data, err := base64.StdEncoding.Strict().DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(asText(v)))
	if err != nil {
		malformed("%v", err)
	}
	return data
}
