// What simdjson takes for the files of `generate.py` on one core: the floor of any reader of JSON.
//
//   g++ -O3 -march=native benches/peers/simdjson/floor.cpp -o floor -lsimdjson    (Debian: libsimdjson-dev)
//   ./floor structure|fields|whole lines|array FILE
//
// `structure` finds the structural characters and checks UTF-8, nothing more. `fields` walks every
// record On-Demand, takes operation, object id and authentication methods, and counts the events
// without `mfa` by object id. `whole` checks all of the grammar, undoes every escape and reads every
// number (the library's DOM), and does nothing with them. Files are read a piece at a time into one buffer that stays in the
// caches, as we read them, and cut where the layout of the generated files says that a record ends.
#include <simdjson.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>
#include <fcntl.h>
#include <vector>

using namespace simdjson;

struct Event { std::string_view operation, user, methods; };

static void claims(ondemand::object object, Event &event) {
    for (auto claim : object) {
        std::string_view key = claim.unescaped_key();
        if (key.find("authnmethodsreferences") != key.npos) event.methods = claim.value().get_string();
        else if (key.find("objectidentifier") != key.npos) event.user = claim.value().get_string();
    }
}

static Event read(ondemand::object object) {
    Event event;
    for (auto member : object) {
        std::string_view key = member.unescaped_key();
        if (key == "operationName") {
            ondemand::value value = member.value();
            std::string_view text;
            if (value.type() == ondemand::json_type::string) event.operation = value.get_string();
            else if (!value["value"].get(text)) event.operation = text;
        } else if (key == "claims") {
            claims(member.value().get_object(), event);
        } else if (key == "identity") {
            for (auto part : member.value().get_object())
                if (std::string_view(part.unescaped_key()) == "claims") claims(part.value().get_object(), event);
        }
    }
    return event;
}

constexpr size_t PIECE = 1 << 20;

// Where the last whole record of a piece ends: a line, or an element and the comma behind it.
static size_t records_end(const char *text, size_t size, bool is_lines) {
    const char *mark = is_lines ? "\n" : "\n  },";
    const size_t length = std::strlen(mark);
    for (size_t at = size; at >= length; at--)
        if (std::memcmp(text + at - length, mark, length) == 0) return at;
    return 0;
}

struct Counts { size_t found = 0, without = 0; };

// Takes a piece, of an array with its brackets.
struct Reader {
    bool finds_structure = false, reads_whole = false, is_lines = false;
    ondemand::parser parser;
    dom::parser dom_parser;
    std::unique_ptr<internal::dom_parser_implementation> stage1;
    std::map<std::string, size_t> users;
    Counts counts;

    void event(ondemand::object object) {
        Event event = read(object);
        counts.found++;
        if (!event.user.empty() && event.methods.find("mfa") == event.methods.npos) {
            users[std::string(event.user)]++;
            counts.without++;
        }
    }

    void piece(char *text, size_t size, size_t capacity) {
        if (finds_structure) {
            const auto *bytes = reinterpret_cast<const uint8_t *>(text);
            if (stage1->stage1(bytes, size, stage1_mode::regular)) throw std::runtime_error("no JSON text");
            counts.found += stage1->n_structural_indexes;
        } else if (reads_whole && is_lines) {
            dom::document_stream records = dom_parser.parse_many(text, size, size);
            for (dom::element record : records) counts.found += record.is_object();
        } else if (reads_whole) {
            dom::array records = dom_parser.parse(text, size, false);
            counts.found += records.size();
        } else if (is_lines) {
            ondemand::document_stream records = parser.iterate_many(text, size, size);
            for (auto record : records) event(record.get_object());
        } else {
            auto array = parser.iterate(text, size, capacity);
            for (auto record : array.get_array()) event(record.get_object());
        }
    }
};

int main(int count, char **arguments) {
    if (count != 4) return 2;
    const std::string mode = arguments[1];
    Reader reader;
    reader.finds_structure = mode == "structure";
    reader.reads_whole = mode == "whole";
    reader.is_lines = std::string(arguments[2]) == "lines";
    if (get_active_implementation()->create_dom_parser_implementation(2 * PIECE, 1024, reader.stage1)) return 1;
    const int file = open(arguments[3], O_RDONLY);
    if (file < 0) return 1;
    // The first byte is for the bracket of an array.
    std::vector<char> buffer(2 * PIECE + SIMDJSON_PADDING + 2);
    char *text = buffer.data() + 1;
    size_t kept = 0;
    for (bool is_first = true;; is_first = false) {
        const ssize_t got = read(file, text + kept, PIECE);
        if (got < 0) return 1;
        const size_t size = kept + got;
        const size_t end = got == 0 ? size : records_end(text, size, reader.is_lines);
        if (end > 0 && reader.is_lines) {
            reader.piece(text, end, buffer.size() - 1);
        } else if (end > 0) {
            // In place of the comma, which the next piece does not need.
            const char last = text[end - 1];
            if (got > 0) text[end - 1] = ']';
            if (!is_first) buffer[0] = '[';
            reader.piece(is_first ? text : buffer.data(), end + !is_first, buffer.size());
            text[end - 1] = last;
        }
        if (got == 0) break;
        kept = size - end;
        std::memmove(text, text + end, kept);
    }
    std::printf("%s %s: %zu met, %zu without mfa\n", mode.c_str(), arguments[2], reader.counts.found, reader.counts.without);
}
