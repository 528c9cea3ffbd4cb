// What simdjson takes for the files of `generate.py` on one core: the floor of any reader of JSON.
//
//   g++ -O3 -march=native benches/peers/simdjson/floor.cpp -o floor -lsimdjson    (Debian: libsimdjson-dev)
//   ./floor structure|fields lines|array FILE
//
// `structure` finds the structural characters and checks UTF-8, nothing more. `fields` walks every
// record On-Demand, takes operation, object id and authentication methods, and counts the events
// without `mfa` by object id. Reading the file into memory is not in the time.
#include <simdjson.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

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

int main(int count, char **arguments) {
    if (count != 4) return 2;
    const std::string mode = arguments[1];
    const bool is_lines = std::string(arguments[2]) == "lines";
    padded_string text = padded_string::load(arguments[3]).value();
    auto begin = std::chrono::steady_clock::now();
    size_t found = 0, without = 0;
    if (mode == "structure") {
        const size_t piece = 64 << 20;
        std::unique_ptr<internal::dom_parser_implementation> parser;
        if (get_active_implementation()->create_dom_parser_implementation(piece, 1024, parser)) return 1;
        for (size_t at = 0; at < text.size();) {
            size_t end = std::min(at + piece, text.size());
            while (end < text.size() && text.data()[end - 1] != '\n') end--;
            (void)parser->stage1(reinterpret_cast<const uint8_t *>(text.data()) + at, end - at, stage1_mode::streaming_partial);
            found += parser->n_structural_indexes;
            at = end;
        }
    } else {
        std::map<std::string, size_t> users;
        ondemand::parser parser;
        auto take = [&](ondemand::object object) {
            Event event = read(object);
            found++;
            if (!event.user.empty() && event.methods.find("mfa") == event.methods.npos) {
                users[std::string(event.user)]++;
                without++;
            }
        };
        if (is_lines) {
            ondemand::document_stream records = parser.iterate_many(text, 1 << 20);
            for (auto record : records) take(record.get_object());
        } else {
            auto array = parser.iterate(text);
            for (auto record : array.get_array()) take(record.get_object());
        }
    }
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%s %s: %.3f s, %.2f GB/s, %zu met, %zu without mfa\n", mode.c_str(), arguments[2], seconds,
                text.size() / seconds / 1e9, found, without);
}
