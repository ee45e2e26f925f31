using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Resources;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Resources;

[Trait("Area", "Kubernetes")]
public sealed class JsonPathTests
{
    /// <summary>What the paths are tried on.</summary>
    internal const string Data = """
        {"plain":"text","a.b":"dotted","n":3,"yes":true,"list":[{"name":"x","n":1,"on":true},{"name":"y","n":2},{"name":"z","n":10}],"map":{"k":{"name":"deep"}},"words":["p","q","r","s"]}
        """;

    [Theory]
    [InlineData("{.plain}", "text")]
    [InlineData("plain", "text")]
    [InlineData("{$.plain}", "text")]
    [InlineData("{.n}", "3")]
    [InlineData("{.yes}", "true")]
    [InlineData("{.a\\.b}", "dotted")]
    [InlineData("{['a.b']}", "dotted")]
    [InlineData("{.list[0].name}", "x")]
    [InlineData("{.list[-1].name}", "z")]
    [InlineData("{.list[*].name}", "x y z")]
    [InlineData("{.list[0,2].name}", "x z")]
    [InlineData("{.words[1:3]}", "q r")]
    [InlineData("{.words[:2]}", "p q")]
    [InlineData("{.words[-2:]}", "r s")]
    [InlineData("{.words[0:4:2]}", "p r")]
    [InlineData("{.list[?(@.name==\"y\")].n}", "2")]
    [InlineData("{.list[?(@.n>1)].name}", "y z")]
    [InlineData("{.list[?(@.n!=2)].name}", "x z")]
    [InlineData("{.list[?(@.on)].name}", "x")]
    [InlineData("{.list[?(@.on==true)].name}", "x")]
    [InlineData("{.list[?(@.name=='z')].name}", "z")]
    [InlineData("{.map.*.name}", "deep")]
    [InlineData("{.map['k'].name}", "deep")]
    [InlineData("{.map}", "{\"k\":{\"name\":\"deep\"}}")]
    [InlineData("{..k.name}", "deep")]
    [InlineData("{.nothing.at.all}", "")]
    [InlineData("{.words[9]}", "")]
    public void Paths_lead_where_kubectls_lead(string path, string expected) =>
        Assert.Equal(expected, string.Join(' ', JsonPath.Parse(path).Find(JsonNode.Parse(Data)).Select(JsonPath.Print)));

    [Theory]
    [InlineData("")]
    [InlineData("{.a[}")]
    [InlineData("{.a[?(@.x==)]}")]
    [InlineData("{.a['b]}")]
    [InlineData("{.a b}")]
    [InlineData("{.a[x]}")]
    public void A_wrong_path_says_so(string path) => Assert.Equal("JsonPathInvalid", Assert.Throws<LabException>(() => JsonPath.Parse(path)).Code);
}
