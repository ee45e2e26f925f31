using System.Collections;
using System.Management.Automation;
using System.Security;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Host.Output;
using Xunit;

namespace CloudLab.Tests.Host;

[Trait("Area", "Host")]
public class OutputTests
{
    [Fact]
    public void Json_lines_hold_every_kind_of_value()
    {
        PSObject custom = new();
        custom.Properties.Add(new PSNoteProperty("Ünïcode", "é\"\n"));
        Assert.Equal("""{"Ünïcode":"é\"\n"}""", Json(custom));
        Assert.Equal("\"text\"", Json("text"));
        Assert.Equal("null", Json(null));
        Assert.Equal("""{"a":[1,2.5,true,null]}""", Json(new Dictionary<string, object?> { ["a"] = new object?[] { 1, 2.5, true, null } }));
        Assert.Equal("""{"When":"2026-01-02T03:04:05+01:00","Took":"1.02:03:04","Day":"Friday","Where":"http://x/"}""", Json(new
        {
            When = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1)),
            Took = new TimeSpan(1, 2, 3, 4),
            Day = DayOfWeek.Friday,
            Where = new Uri("http://x"),
        }));
        Assert.Equal("""{"Node":{"kind":"Pod"},"Bytes":"AQI=","NaN":"NaN"}""", Json(new
        {
            Node = JsonNode.Parse("""{"kind":"Pod"}"""), Bytes = new byte[] { 1, 2 }, NaN = double.NaN,
        }));
        Assert.Equal("""{"Size":9223372036854775807}""", Json(new { Size = long.MaxValue }));
    }

    [Fact]
    public void Json_lines_never_hold_a_secret()
    {
        using SecureString secret = new();
        foreach (char c in "hunter2")
        {
            secret.AppendChar(c);
        }

        Assert.Equal("""{"Secret":null,"Credential":null}""", Json(new { Secret = secret, Credential = new PSCredential("me", secret) }));
    }

    [Fact]
    public void A_property_that_throws_and_an_object_in_itself_do_no_harm()
    {
        Assert.Equal("""{"Bad":null,"Good":1}""", Json(new Thrower()));
        Assert.StartsWith("""{"Me":{"Me":""", Json(new Loop()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_with_a_view_is_a_table_by_it()
    {
        FormatFile formats = Formats("""
            <TableControl><TableHeaders>
              <TableColumnHeader><Label>Name</Label></TableColumnHeader>
              <TableColumnHeader><Label>Bytes</Label><Width>8</Width><Alignment>Right</Alignment></TableColumnHeader>
              <TableColumnHeader><Label>Human</Label></TableColumnHeader>
            </TableHeaders><TableRowEntries><TableRowEntry><TableColumnItems>
              <TableColumnItem><PropertyName>Name</PropertyName></TableColumnItem>
              <TableColumnItem><PropertyName>Size</PropertyName><FormatString>{0:N0}</FormatString></TableColumnItem>
              <TableColumnItem><ScriptBlock>[CloudLab.Core.Reporting.ProgressMeter]::FormatBytes($_.Size)</ScriptBlock></TableColumnItem>
            </TableColumnItems></TableRowEntry></TableRowEntries></TableControl>
            """);
        Assert.Equal(
            "Name                     Bytes Human\n----                     ----- -----\na                        1,024 1 KiB\nlonger-than-the-label        7 7 B\n",
            Table(formats, new Sized("a", 1024), new Sized("longer-than-the-label", 7)));
    }

    [Fact]
    public void A_table_stays_within_the_line()
    {
        string table = Table(new FormatFile("none"), new { First = new string('x', 80), Second = "short" });
        Assert.All(table.Split('\n'), line => Assert.True(line.Length <= 60, line));
        Assert.Contains("…", table, StringComparison.Ordinal);
        Assert.Contains("short", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_view_few_properties_make_a_table_and_many_a_list()
    {
        Assert.Equal("A B\n- -\n1 2\n", Table(new FormatFile("none"), new { A = 1, B = 2 }));
        Assert.Equal("A  : 1\nB  : \nC  : {x, y}\nDd : {k=v}\nE  : True\n", Table(new FormatFile("none"), new
        {
            A = 1, B = (string?)null, C = new[] { "x", "y" }, Dd = new Hashtable { ["k"] = "v" }, E = true,
        }));
    }

    [Fact]
    public void Text_is_just_text() => Assert.Equal("one\ntwo\n", Table(new FormatFile("none"), "one", "two"));

    [Fact]
    public void A_script_that_needs_PowerShell_is_known_as_such()
    {
        Assert.True(new ViewExpression("$_.Owner.Name", true, null).IsSupported);
        Assert.False(new ViewExpression("if ($_.A) { 'x' }", true, null).IsSupported);
        Assert.Equal("lab", new ViewExpression("$_.Owner.Name", true, null).Show(new { Owner = new { Name = "lab" } }));
        Assert.Equal("", new ViewExpression("$_.Owner.Name", true, null).Show(new { Owner = (string?)null }));
    }

    private static string Json(object? value)
    {
        using MemoryStream stream = new();
        new JsonLinesWriter(stream).Write(value);
        return Encoding.UTF8.GetString(stream.ToArray()).TrimEnd('\n');
    }

    private static string Table(FormatFile formats, params object[] values)
    {
        using StringWriter text = new() { NewLine = "\n" };
        using TableWriter table = new(text, formats, 60, false);
        foreach (object value in values)
        {
            table.Write(value);
        }

        table.Flush();
        return text.ToString();
    }

    private static FormatFile Formats(string control)
    {
        string path = Path.Combine(TestEnvironment.Folder, Guid.NewGuid() + ".ps1xml");
        File.WriteAllText(path, $"""
            <Configuration><ViewDefinitions><View><Name>x</Name><ViewSelectedBy><TypeName>{typeof(Sized).FullName}</TypeName></ViewSelectedBy>
            {control}</View></ViewDefinitions></Configuration>
            """);
        return new FormatFile(path);
    }

    public sealed record Sized(string Name, long Size);

    private sealed class Thrower
    {
        public string Bad => throw new InvalidOperationException();

        public int Good => 1;
    }

    private sealed class Loop
    {
        public Loop Me => this;
    }
}
