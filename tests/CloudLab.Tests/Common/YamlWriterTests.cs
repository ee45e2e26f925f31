using System.Diagnostics;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Yaml;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CloudLab.Tests.Common;

[Trait("Area", "Common")]
public class YamlWriterTests
{
    public static TheoryData<string> Traps() =>
    [
        "yes", "No", "on", "OFF", "y", "n", "N", "true", "null", "~", "", " ", "0o17", "010", "1e3", "1E+3", "2122:22", "12:30:45", "=", "<<", "2024-01-01", "2001-12-14t21:59:43.10-05:00", "0x1F", "0b11",
        "1_000", ".5", ".inf", "-.inf", ".NaN", "-", "- a", "a: b", "a #b", "#a", "a:", ":a", "&a", "*a", "!a", "|", ">", "'", "\"", "%a", "@a", "`a", "{a}", "[a]", "a,b", "?", "? a", "---", "...", "--- a",
        " lead", "trail ", "tab\there", "\tlead", "a\n", "a\nb", "a\nb\n", "a\n\n", "\n", "\na", " a\nb", "a\n b\n", "a \nb", "a\n  \nb", "a\r\nb", "\u0085", "a\u2028b", "é", "日本", "😀", "\0", "\u001b[0m", "\uFEFFa",
        "a\n---\nb", "#!/bin/sh\nexit 0\n", "+1", "-1", "1.0", "1.", "-0", "500m", "1Gi", "10.0.0.1", "nginx:1.25", "sh -c", "$(X)", "a  b", "key\n", "NULL", "Infinity", "+.inf", "1,000", "0", "00", "08", "1e5", "--opt", "-c", "_", "/a b",
    ];

    [Theory]
    [MemberData(nameof(Traps))]
    public void Text_stays_text(string text)
    {
        foreach (JsonNode value in new JsonNode[]
        {
            new JsonObject { ["a"] = text, ["b"] = 1 }, new JsonObject { ["a"] = text }, new JsonObject { [text] = text }, new JsonArray(text, new JsonArray(text), new JsonObject { ["k"] = new JsonArray(text) }),
        })
        {
            string yaml = YamlWriter.Write(value);
            Assert.StartsWith("---", yaml, StringComparison.Ordinal);
            Same(value, yaml);
            Same(value, yaml + "\n");
            Same(value, yaml + "\n---\na: b\n");
        }
    }

    [Fact]
    public void Whatever_is_written_is_read_back()
    {
        Gen<JsonNode?> scalar = Gen.OneOf(
            Gen.Elements([.. Traps().Select(row => row.Data)]).Select(text => (JsonNode?)text),
            ArbMap.Default.GeneratorFor<string>().Select(text => (JsonNode?)Valid(text)),
            ArbMap.Default.GeneratorFor<int>().Select(number => (JsonNode?)number),
            ArbMap.Default.GeneratorFor<long>().Select(number => (JsonNode?)number),
            ArbMap.Default.GeneratorFor<bool>().Select(flag => (JsonNode?)flag),
            Gen.Elements(1e20, 1.5, -2.5e-9, 1e300).Select(number => (JsonNode?)number),
            Gen.Constant((JsonNode?)null));
        Gen<JsonNode?> Node(int depth) => depth == 0 ? scalar : Gen.OneOf(
            scalar,
            Node(depth - 1).ListOf().Select(items => (JsonNode?)new JsonArray([.. items.Take(4).Select(item => item?.DeepClone())])),
            Node(depth - 1).ListOf().Select(items => (JsonNode?)new JsonObject(items.Take(4).Select((item, i) => KeyValuePair.Create($"k{i}", item?.DeepClone())))));
        Prop.ForAll(Node(3).ToArbitrary(), value =>
        {
            JsonObject map = new() { ["v"] = value?.DeepClone() };
            Same(map, YamlWriter.Write(map));
            return true;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task Another_reader_takes_it_for_the_same()
    {
        JsonObject all = [];
        foreach (string text in Traps().Select(row => row.Data).Where(text => text is not ("\0" or "\u001b[0m" or "\uFEFFa")))
        {
            all[$"t{all.Count}"] = text;
        }

        all["number"] = 12;
        all["large"] = 1e20;
        all["flag"] = true;
        all["nothing"] = null;
        string folder = Directory.CreateTempSubdirectory("cloudlab-yaml-").FullName;
        try
        {
            string file = Path.Combine(folder, "a.yaml");
            await File.WriteAllTextAsync(file, YamlWriter.Write(all));
            string? answer = null;
            try
            {
                answer = await ForeignProcess.OutputAsync(new ProcessStartInfo("python3", ["-c", "import json,sys,yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1], encoding='utf-8'))))", file]));
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception || e.Message.Contains("No module named", StringComparison.Ordinal))
            {
                Assert.Skip("python3 with yaml is not installed");
            }

            JsonObject read = (JsonObject)JsonNode.Parse(answer)!;
            foreach ((string key, JsonNode? value) in all)
            {
                Assert.True(key == "large" ? (double)read[key]! == 1e20 : JsonNode.DeepEquals(value, read[key]), $"{value?.ToJsonString()} was read as {read[key]?.ToJsonString()}");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_megabyte_of_lines_that_cannot_be_a_block_is_written()
    {
        JsonObject map = new() { ["a"] = string.Concat(Enumerable.Repeat("\n", 1_000_000)).Insert(0, "x") + "\u0001" };

        // Were it not linear in the text, this would not end.
        Same(map, YamlWriter.Write(map));
    }

    // Half a surrogate pair cannot be written in UTF-8 at all.
    private static string? Valid(string? text) => text is null ? null : System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));

    private static void Same(JsonNode value, string yaml)
    {
        SourceDocument read = YamlReader.Read(yaml).First();
        Assert.True(read.Problem is null, $"{read.Problem?.Reason}\n{yaml}");
        Assert.True(JsonNode.DeepEquals(value, read.Content), $"{value.ToJsonString()}\n{read.Content!.ToJsonString()}\n{yaml}");
    }
}
