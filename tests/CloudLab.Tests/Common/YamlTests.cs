using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Yaml;
using Xunit;

namespace CloudLab.Tests.Common;

/// <summary>YAML as Kubernetes reads it. The expected values were taken from kubectl create --dry-run=client -o json.</summary>
[Trait("Area", "Kubernetes")]
public sealed class YamlTests
{
    [Theory]
    [InlineData("yes", "true")]
    [InlineData("on", "true")]
    [InlineData("y", "true")]
    [InlineData("NO", "false")]
    [InlineData("Off", "false")]
    [InlineData("\"yes\"", "\"yes\"")]
    [InlineData("oN", "\"oN\"")]
    [InlineData("0644", "420")]
    [InlineData("0o644", "420")]
    [InlineData("-017", "-15")]
    [InlineData("08", "8")]
    [InlineData("1_000", "1000")]
    [InlineData("0777_1", "4089")]
    [InlineData("_1", "\"_1\"")]
    [InlineData("0x1F", "31")]
    [InlineData("+0x1F", "31")]
    [InlineData("0b101", "5")]
    [InlineData("-0b11", "-3")]
    [InlineData("0x", "\"0x\"")]
    [InlineData("1e3", "1000")]
    [InlineData("1.0", "1")]
    [InlineData(".5", "0.5")]
    [InlineData("1.", "1")]
    [InlineData("-.5", "-0.5")]
    [InlineData(".e1", "\".e1\"")]
    [InlineData("1e400", "\"1e400\"")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("9223372036854775808", "9223372036854775808")]
    [InlineData("12:30", "\"12:30\"")]
    [InlineData("2001-01-01", "\"2001-01-01\"")]
    [InlineData("2001-12-14t21:59:43.10-05:00", "\"2001-12-14t21:59:43.10-05:00\"")]
    [InlineData("127.0.0.1", "\"127.0.0.1\"")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("Null", "null")]
    [InlineData("!!str 12", "\"12\"")]
    [InlineData("!!int \"12\"", "12")]
    [InlineData("!!binary aGVsbG8=", "\"hello\"")]
    [InlineData("!foo bar", "\"bar\"")]
    [InlineData("100m", "\"100m\"")]
    [InlineData("=", "\"=\"")]
    public void A_scalar_is_what_kubectl_makes_of_it(string yaml, string json) =>
        Assert.Equal($$"""{"a":{{json}}}""", One("a: " + yaml + "\n").ToJsonString());

    [Theory]
    [InlineData("y: 1", "true")]
    [InlineData("010: 1", "8")]
    [InlineData("1.5: 1", "1.5")]
    [InlineData("\"on\": 1", "on")]
    public void Keys_are_strings_made_of_what_they_mean(string yaml, string key) =>
        Assert.Equal(key, Assert.Single(One(yaml).AsObject()).Key);

    [Fact]
    public void Anchors_aliases_and_merges_expand() => Assert.Equal(
        """{"base":{"x":1,"z":3},"below":{"x":9,"z":3},"above":{"x":1,"z":3},"list":{"x":5,"z":3},"quoted":{"\u003C\u003C":1},"same":{"x":1,"z":3}}""",
        One("""
            base: &b {x: 1, z: 3}
            below: {<<: *b, x: 9}
            above:
              x: 9
              <<: *b
            list: {<<: [{x: 5}, *b]}
            quoted: {"<<": 1}
            same: *b
            """).ToJsonString());

    [Fact]
    public void Block_scalars_keep_and_fold_lines() => Assert.Equal(
        """{"lit":"a\n  b\n\n","strip":"a","fold":"a b\nc\n","plain":"a b"}""",
        One("lit: |+\n  a\n    b\n\nstrip: |-\n  a\nfold: >\n  a\n  b\n\n  c\nplain: a\n  b\n").ToJsonString());

    [Theory]
    // Blank lines with spaces in them, as editors leave them.
    [InlineData("  c: |\n    \n    x: 1\n    y: 2\n", """{"c":"\nx: 1\ny: 2\n"}""")]
    [InlineData("  c: |\n   \n    x: 1\n", """{"c":"\nx: 1\n"}""")]
    [InlineData("  c: |\n\n   \n    x: 1\n", """{"c":"\n\nx: 1\n"}""")]
    [InlineData("  c: |-\n    \n", """{"c":""}""")]
    [InlineData("  c: |+\n    \n    \n  d: '1'\n", """{"c":"\n\n","d":"1"}""")]
    [InlineData("  c: >-\n    \n    x\n", """{"c":"\nx"}""")]
    [InlineData("  c: |\r\n    \r\n    x: 1\r\n", """{"c":"\nx: 1\n"}""")]
    [InlineData("  c: |\n    a\n      |\n        \n    b\n  d: |\n    \n    e\n", """{"c":"a\n  |\n    \nb\n","d":"\ne\n"}""")]
    [InlineData("  c: |\n    \n  d: '1'\n", """{"c":"","d":"1"}""")]
    public void A_block_scalar_may_begin_with_blank_lines(string yaml, string json) => Assert.Equal(json, ((JsonObject)One("a:\n" + yaml))["a"]!.ToJsonString());

    [Fact]
    public void A_blank_line_longer_than_the_text_is_indented_is_a_mistake() => Assert.NotNull(Assert.Single(SourceReader.Read("a:\n  c: |\n     \n    x: 1\n")).Problem);

    [Fact]
    public void Documents_are_counted_and_empty_ones_left_out()
    {
        SourceDocument[] documents = [.. SourceReader.Read("# nothing\n%YAML 1.1\n---\na: 1\n...\n---\n# only a comment\n---\nb: |\r\n  ---x\r\n--- # c\nc: 3")];
        Assert.Equal(["""{"a":1}""", """{"b":"---x\n"}""", """{"c":3}"""], documents.Select(d => d.Content!.ToJsonString()));
        Assert.Equal([4, 9, 12], documents.Select(d => d.Line));
    }

    [Theory]
    [InlineData("a: b\nc:\n\td: 1\n", 3, 1, "tab")]
    [InlineData("a: b\n  c: d\n", 2, 4, "indentation")]
    [InlineData("a: 1\nb: [1, 2\n", 2, 1, "not closed")]
    [InlineData("a: b: c\n", 1, 5, "': '")]
    [InlineData("a: *nope\n", 1, 4, "&nope")]
    [InlineData("a: .nan\n", 1, 4, "JSON")]
    [InlineData("a: 1\nb: {{ .Values.b }}\n", 2, 4, "template")]
    [InlineData("{{- if .Values.a }}\na: 1\n{{- end }}\n", 1, 1, "template")]
    [InlineData("{\"a\": 1,\n \"b\": }", 2, 7, "invalid start")]
    [InlineData("kind: A\nport: 50---\nkind: B\n", 2, 9, "line of its own")]
    public void A_mistake_has_a_line_a_column_and_a_reason(string text, int line, int column, string reason)
    {
        SyntaxProblem problem = Assert.Single(SourceReader.Read(text)).Problem!;
        Assert.Equal((line, column), (problem.Line, problem.Column));
        Assert.Contains(reason, problem.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a: 1\nb: 2\na: 3\n", 1, 3)]
    [InlineData("---\nx: y\n---\na: 1\n\na: 2\nb: 2\na: 3\n", 4, 6)]
    [InlineData("{\"a\": 1,\n \"a\": 2, \"b\": 2, \"a\": 3}", 1, 2)]
    [InlineData("a: &x {b: 1}\nb: 2\na:\n  3\n", 1, 3)]
    [InlineData("true: 1\nb: 2\nyes: 4\na: 3\n", 1, 3)]
    public void Of_a_key_that_occurs_twice_the_last_one_counts_and_both_lines_are_known(string text, int first, int line)
    {
        SourceDocument document = SourceReader.Read(text).Last();
        Assert.Equal((first, line), (document.Duplicates[0].FirstLine, document.Duplicates[0].Line));
        Assert.True(document.Duplicates[0].IsTop);
        Assert.Equal((3L, 2L), ((long)document.Content!["a"]!, (long)document.Content["b"]!));
    }

    [Fact]
    public void A_merge_is_no_duplicate() => Assert.Empty(SourceReader.Read("a: &a {x: 1}\nb: {<<: *a, x: 2}\n").Single().Duplicates);

    [Fact]
    public void A_mistake_spoils_its_own_document_only()
    {
        SourceDocument[] documents = [.. SourceReader.Read("a: 1\n---\nb: [\n---\nc: \"x\n---\nd: 4\n")];
        Assert.Equal([true, false, false, true], documents.Select(d => d.Problem is null));
        Assert.Equal("""{"d":4}""", documents[3].Content!.ToJsonString());
    }

    [Fact]
    public void Large_texts_keep_their_order()
    {
        string text = string.Concat(Enumerable.Range(0, 3000).Select(i => $"---\nnumber: {i}\ntext: {new string('x', 100)}\n"));
        SourceDocument[] documents = [.. SourceReader.Read(text)];
        Assert.Equal(Enumerable.Range(0, 3000), documents.Select(d => (int)(long)d.Content!["number"]!));
        Assert.Equal(Enumerable.Range(1, 3000), documents.Select(d => d.Number));
    }

    [Fact]
    public void Json_values_may_follow_each_other()
    {
        SourceDocument[] documents = [.. SourceReader.Read("{\"a\":1}\n{\"b\":[true,null,1.5,\"x\"]}\n---\n{}")];
        Assert.Equal(["""{"a":1}""", """{"b":[true,null,1.5,"x"]}""", "{}"], documents.Select(d => d.Content!.ToJsonString()));
    }

    [Fact]
    public void A_billion_laughs_are_refused()
    {
        StringBuilder bomb = new("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (int i = 1; i < 9; i++)
        {
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        Assert.Contains("expand", Assert.Single(SourceReader.Read(bomb.ToString())).Problem!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_refused_and_not_a_crash() =>
        Assert.NotNull(Assert.Single(SourceReader.Read("a: " + new string('[', 5000))).Problem);

    [Theory]
    [InlineData("utf-8", true)]
    [InlineData("utf-8", false)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16", false)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-16BE", false)]
    [InlineData("utf-32", true)]
    public void Files_of_windows_editors_are_read(string name, bool mark)
    {
        Encoding encoding = Encoding.GetEncoding(name);
        byte[] bytes = [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes("a: ü\r\n")];
        Assert.Equal("ü", (string?)One(SourceText.Decode(bytes))["a"]);
    }

    private static JsonNode One(string yaml)
    {
        SourceDocument document = Assert.Single(SourceReader.Read(yaml));
        Assert.Null(document.Problem);
        return document.Content!;
    }
}
