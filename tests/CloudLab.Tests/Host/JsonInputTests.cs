using System.Management.Automation;
using CloudLab.Host.Arguments;
using Xunit;

namespace CloudLab.Tests.Host;

[Trait("Area", "Host")]
public class JsonInputTests
{
    [Fact]
    public void Objects_values_and_plain_text()
    {
        object?[] read = [.. JsonInput.Read(["""{"Key":"a{","Size":12}""", "", "\"quoted\"", "plain text", "007", "1.50", "true", "[1,\"b\"]"])];
        Assert.Equal("a{", ((PSObject)read[0]!).Properties["key"]!.Value);
        Assert.Equal(12L, ((PSObject)read[0]!).Properties["Size"]!.Value);
        Assert.Equal(["quoted", "plain text", "007", 1.50m, true, 1L, "b"], read[1..]);
    }

    [Fact]
    public void Objects_may_stand_on_several_lines_as_other_tools_print_them()
    {
        object?[] read = [.. JsonInput.Read(["{", "  \"a\": \"}\\\"\",", "  \"b\": [", "    1 ]", "}", "{\"a\":2}"])];
        Assert.Equal(2, read.Length);
        Assert.Equal("}\"", ((PSObject)read[0]!).Properties["a"]!.Value);
    }

    [Fact]
    public void Each_object_comes_before_the_next_line_is_read()
    {
        int asked = 0;
        IEnumerable<string> Lines()
        {
            while (true)
            {
                asked++;
                yield return "{\"n\":1}";
            }
        }

        Assert.Single(JsonInput.Read(Lines()).Take(1).ToArray());
        Assert.Equal(1, asked);
    }

    [Theory]
    [InlineData("{\"a\":}", "Line 2")]
    [InlineData("{\"a\":1", "is incomplete")]
    public void Bad_JSON_is_said_with_its_line(string line, string says)
    {
        FormatException refused = Assert.Throws<FormatException>(() => JsonInput.Read(["1", line]).ToArray());
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }
}
