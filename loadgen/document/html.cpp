#include "loadgen/document/html.hpp"

#include "common/base/check.hpp"
#include "loadgen/document/page/assets.hpp"
#include "loadgen/record/base64.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

std::string escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

const char* name_of(Mark mark) {
    constexpr const char* kNames[] = {"plain", "best", "flagged", "invalid", "muted"};
    return kNames[static_cast<std::size_t>(mark)];
}

const char* name_of(Chart::Kind kind) {
    constexpr const char* kNames[] = {"lines", "bars", "stacked", "scatter"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string span(const std::string& text, Mark mark) {
    if (mark == Mark::plain) return escape(text);
    return fmt::format("<span class=\"{}\">{}</span>", name_of(mark), escape(text));
}

std::string table_html(const Table& table) {
    std::string out =
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"table\"><table>";
    if (!table.caption.empty()) out += fmt::format("<caption>{}</caption>", escape(table.caption));
    const bool titled = std::any_of(table.columns.begin(), table.columns.end(),
                                    [](const Column& c) { return !c.title.empty(); });
    if (titled) {
        out += "<thead><tr>";
        for (const Column& column : table.columns) {
            out += fmt::format("<th scope=\"col\"{}>{}</th>", column.number ? " class=\"n\"" : "",
                               escape(column.title));
        }
        out += "</tr></thead>";
    }
    out += "<tbody>\n";
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        const bool begins =
            std::find(table.breaks.begin(), table.breaks.end(), r) != table.breaks.end();
        out += begins ? "<tr class=\"group\">" : "<tr>";
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            const TableCell& cell = table.rows[r][c];
            out += fmt::format("<td{}>{}</td>", table.columns[c].number ? " class=\"n\"" : "",
                               span(cell.text, cell.mark));
        }
        out += "</tr>\n";
    }
    return out + "</tbody></table></div>\n";
}

Json axis_json(const Axis& axis) {
    return {{"title", axis.title},
            {"logarithmic", axis.logarithmic},
            {"unit", axis.unit},
            {"labels", axis.labels}};
}

Json chart_json(const Chart& chart) {
    Json all = Json::array();
    for (const Series& series : chart.series) {
        Json points = Json::array();
        for (const ChartPoint& p : series.points) {
            Json point{{"x", p.x}, {"y", p.y}};
            if (p.low && p.high) {
                point["low"] = *p.low;
                point["high"] = *p.high;
            }
            if (p.x_low && p.x_high) {
                point["x_low"] = *p.x_low;
                point["x_high"] = *p.x_high;
            }
            if (p.invalid) point["invalid"] = true;
            if (!p.note.empty()) point["note"] = p.note;
            points.push_back(std::move(point));
        }
        all.push_back({{"name", series.name},
                       {"variant", series.variant},
                       {"dashed", series.dashed},
                       {"dotted", series.dotted},
                       {"markers", series.markers},
                       {"band", series.band},
                       {"second", series.second},
                       {"off", series.off},
                       {"joined", series.joined},
                       {"points", std::move(points)}});
    }
    Json out{{"id", chart.id},
             {"kind", name_of(chart.kind)},
             {"horizontal", chart.horizontal},
             {"reference", nullptr},
             {"x", axis_json(chart.x)},
             {"y", axis_json(chart.y)},
             {"second", axis_json(chart.second)},
             {"series", std::move(all)}};
    if (chart.reference) {
        out["reference"] = {{"at", *chart.reference}, {"name", chart.reference_name}};
    }
    return out;
}

std::string list_html(const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    std::string out = "<ul>";
    for (const std::string& line : lines) out += fmt::format("<li>{}</li>", escape(line));
    return out + "</ul>";
}

std::string figures_html(const Chart& chart) {
    return fmt::format("<details><summary>Figures</summary>{}</details>",
                       table_html(table_of(chart)));
}

// Room for every category of a horizontal chart; others have the height of the style sheet.
std::string canvas_html(const Chart& chart) {
    std::string height;
    if (chart.horizontal) {
        height = fmt::format(" style=\"height: {:.1f}rem\"",
                             3.2 + 1.7 * static_cast<double>(chart.x.labels.size()));
    }
    const std::string name = chart.title.empty() ? chart.id : chart.title;
    return fmt::format(
        "<div class=\"canvas\"{}><canvas id=\"chart-{}\" role=\"img\" tabindex=\"0\" "
        "aria-label=\"{}; arrow keys read the points\"></canvas></div>",
        height, escape(chart.id), escape(name));
}

// JSON inside a script element must not end it.
std::string json_for_script(const Json& json) {
    std::string out;
    for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
        if (c == '<') {
            out += "\\u003c";
        } else {
            out += c;
        }
    }
    return out;
}

std::string gzip(std::string_view text) {
    z_stream stream{};
    constexpr int kGzip = 15 + 16;
    CHECK(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY) ==
          Z_OK);
    std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

class Page {
  public:
    std::string render(const Document& document, const std::vector<Attachment>& attachments) {
        head(document, attachments);
        out_ += "<main>\n";
        for (const Section& section : document.sections) {
            out_ += fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n", escape(section.id),
                                escape(section.title));
            if (section.folded) out_ += "<details><summary>Show</summary>\n";
            blocks(section);
            out_ += section.folded ? "</details></section>\n" : "</section>\n";
        }
        out_ += "</main>\n";
        foot(document, attachments);
        return std::move(out_);
    }

  private:
    void head(const Document& document, const std::vector<Attachment>& attachments) {
        out_ += fmt::format(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
            "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:\">\n"
            "<link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n{}</style>\n"
            "<noscript><style>.tools, .canvas, .keys, .axis, .hint, .alone {{ display: none; "
            "}}</style></noscript>\n"
            "</head>\n<body>\n<header>\n<h1>{}</h1>\n",
            escape(document.title), assets::style(), escape(document.title));
        for (const std::string& line : document.subtitle) {
            out_ += fmt::format("<p class=\"sub\">{}</p>\n", escape(line));
        }
        out_ += "<div class=\"tools\"><button type=\"button\" id=\"theme\">Dark / light</button>";
        for (std::size_t i = 0; i < attachments.size(); ++i) {
            const Attachment& file = attachments[i];
            out_ += fmt::format(
                "<button type=\"button\" data-source=\"data-{}\" data-name=\"{}\" "
                "data-type=\"{}\">{}</button>",
                i, escape(file.name), escape(file.type), escape(file.title));
        }
        out_ += "</div>\n</header>\n";
        menu(document);
    }

    // The sections by their groups, in the order in which the groups begin. A group opens without
    // JavaScript too; one with a single section is a link.
    void menu(const Document& document) {
        std::vector<std::pair<std::string, std::vector<std::string>>> groups;
        std::string group;
        for (const Section& section : document.sections) {
            const std::string title = section.short_title.empty()
                                          ? section.title.substr(0, section.title.find(':'))
                                          : section.short_title;
            if (!section.group.empty()) group = section.group;
            auto place = std::find_if(groups.begin(), groups.end(),
                                      [&](const auto& g) { return g.first == group; });
            if (place == groups.end()) place = groups.insert(groups.end(), {group, {}});
            place->second.push_back(
                fmt::format("<a href=\"#{}\">{}</a>", escape(section.id), escape(title)));
        }
        out_ += "<nav aria-label=\"Sections\"><ul class=\"menu\">";
        for (const auto& [name, links] : groups) {
            if (links.size() == 1 || name.empty()) {
                out_ += fmt::format("<li>{}</li>", fmt::join(links, "</li><li>"));
            } else {
                out_ += fmt::format(
                    "<li><details name=\"menu\"><summary>{}</summary><ul><li>{}</li></ul></details>"
                    "</li>",
                    escape(name), fmt::join(links, "</li><li>"));
            }
        }
        out_ += "</ul></nav>\n";
    }

    void blocks(const Section& section) {
        bool in_charts = false;  // neighbouring charts share a row
        for (const Block& block : section.blocks) {
            const bool is_chart = std::holds_alternative<Chart>(block);
            if (is_chart != in_charts) out_ += is_chart ? "<div class=\"charts\">\n" : "</div>\n";
            in_charts = is_chart;
            std::visit([this](const auto& b) { add(b); }, block);
        }
        if (in_charts) out_ += "</div>\n";
    }

    void add(const Paragraph& paragraph) {
        out_ += fmt::format("<p>{}</p>\n", span(paragraph.text, paragraph.mark));
    }
    void add(const Table& table) { out_ += table_html(table); }
    void add(const Cards& cards) {
        const auto first = std::find_if(cards.cards.begin(), cards.cards.end(),
                                        [](const Card& card) { return !card.id.empty(); });
        if (first != cards.cards.end()) {
            out_ += fmt::format(
                "<p class=\"hint\"><a href=\"#{}\">Show one at a time</a>, large enough for a "
                "room: arrow keys go on and back, Escape returns here, and printing prints the one "
                "shown. The address of each can be passed on.</p>\n",
                escape(first->id));
        }
        out_ += "<div class=\"cards\">\n";
        for (const Card& card : cards.cards) add(card);
        out_ += "</div>\n";
    }
    void add(const Card& card) {
        const std::string id =
            card.id.empty() ? "" : fmt::format(" id=\"{}\" tabindex=\"-1\"", escape(card.id));
        out_ += fmt::format(
            "<article class=\"card\"{}><p class=\"topic\">{}</p><p class=\"value\">{}</p>", id,
            escape(card.topic), span(card.value, card.mark));
        if (card.chart) {
            charts_.push_back(chart_json(*card.chart));
            out_ += fmt::format("<p class=\"axis\">{}</p>{}", escape(card.chart->title),
                                canvas_html(*card.chart));
        }
        out_ += fmt::format("<p class=\"sentence\">{}</p>", escape(card.sentence));
        out_ += list_html(card.more);
        if (!card.facts.empty()) {
            out_ += "<details><summary>How it was measured</summary><dl>";
            for (const auto& [what, fact] : card.facts) {
                out_ += fmt::format("<dt>{}</dt><dd>{}</dd>", escape(what), escape(fact));
            }
            out_ += "</dl></details>";
        }
        std::string figures = list_html(card.precise);
        if (card.figures) {
            figures += table_html(*card.figures);
        } else if (card.chart) {
            figures += table_html(table_of(*card.chart));
        }
        if (!figures.empty()) {
            out_ += fmt::format("<details><summary>Figures</summary>{}</details>", figures);
        }
        if (!card.id.empty()) {
            out_ += fmt::format(
                "<a class=\"alone\" href=\"#{}\">Show alone<span class=\"unseen\">: {}</span></a>",
                escape(card.id), escape(card.topic));
        }
        out_ += "</article>\n";
    }
    void add(const Chart& chart) {
        charts_.push_back(chart_json(chart));
        out_ += fmt::format(
            "<figure><h3>{}</h3><div class=\"keys\" id=\"keys-{}\"></div>{}"
            "<figcaption>{}</figcaption>{}</figure>\n",
            escape(chart.title), escape(chart.id), canvas_html(chart), escape(chart.caption),
            figures_html(chart));
    }

    void foot(const Document& document, const std::vector<Attachment>& attachments) {
        out_ += fmt::format(
            "<footer><p>Made by echotrio {}. The charts are drawn by Chart.js, under this "
            "licence:</p><details><summary>Chart.js: copyright and licence</summary><pre>{}</pre>"
            "</details></footer>\n",
            ECHOTRIO_VERSION, escape(assets::chart_js_licence()));
        for (std::size_t i = 0; i < attachments.size(); ++i) {
            out_ += fmt::format("<script type=\"application/gzip\" id=\"data-{}\">{}</script>\n", i,
                                attachments[i].packed);
        }
        Json tints = Json::object();
        for (const Tint& tint : document.tints) {
            tints[tint.variant] = {{"colour", tint.colour}, {"pale", tint.pale}};
        }
        const Json data{{"tints", std::move(tints)}, {"charts", charts_}};
        out_ += fmt::format("<script type=\"application/json\" id=\"charts\">{}</script>\n",
                            json_for_script(data));
        out_ += fmt::format(
            "<script>{}</script>\n<script>\n{}</script>\n<script>\n{}</script>\n"
            "</body>\n</html>\n",
            assets::chart_js(), assets::script(), assets::slides());
    }

    std::string out_;
    Json charts_ = Json::array();
};

}  // namespace

std::string pack(std::string_view text) {
    return encode_base64(gzip(text));
}

std::string to_html(const Document& document, const std::vector<Attachment>& attachments) {
    return Page().render(document, attachments);
}

}  // namespace echotrio::loadgen
