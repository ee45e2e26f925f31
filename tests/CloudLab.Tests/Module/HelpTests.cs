using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace CloudLab.Tests.Module;

/// <summary>The help that ./build.sh generates from the comments in the code, as it lies in the built module and in docs/.</summary>
[Trait("Area", "Module")]
public partial class HelpTests
{
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10",
        Maml = "http://schemas.microsoft.com/maml/2004/10",
        Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    private static readonly Lazy<IReadOnlyDictionary<string, XElement>> Pages = new(() =>
        XDocument.Load(Path.Combine(Repository.Folder, "out", "CloudLab", "en-US", "CloudLab.Cmdlets.dll-Help.xml"))
            .Root!.Elements(Command + "command").ToDictionary(c => c.Element(Command + "details")!.Element(Command + "name")!.Value));

    public static TheoryData<string> Cmdlets() => [.. ManifestTests.Names];

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void A_cmdlet_has_all_its_text(string name)
    {
        XElement page = Page(name);
        List<string> missing = [];
        Want(page.Element(Command + "details")!.Element(Maml + "description")?.Value, "a synopsis (<summary>)");
        Want(page.Element(Maml + "description")?.Value, "a description (<remarks>)");
        foreach (XElement parameter in page.Element(Command + "parameters")?.Elements() ?? [])
        {
            Want(parameter.Element(Maml + "description")?.Value, $"text for -{parameter.Element(Maml + "name")!.Value}");
        }

        foreach (XElement output in page.Element(Command + "returnValues")?.Elements() ?? [])
        {
            string type = output.Element(Dev + "type")!.Element(Maml + "name")!.Value;
            if (type.StartsWith("CloudLab.", StringComparison.Ordinal))
            {
                Want(output.Element(Maml + "description")?.Value, "a summary of its output type " + type);
            }
        }

        XElement[] examples = [.. page.Element(Command + "examples")?.Elements() ?? []];
        Assert.True(examples.Length >= 2, name + " lacks two examples.");
        foreach (XElement example in examples)
        {
            Want(example.Element(Maml + "title")?.Value.Split(':', 2)[^1].Trim(' ', '-'), "a title for an example");
            Want(example.Element(Dev + "code")?.Value, "code in an example");
        }

        Assert.True(missing.Count == 0, $"{name} lacks {string.Join(", ", missing)}.");

        void Want(string? text, string what)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                missing.Add(what);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Its_page_in_docs_says_what_its_help_says(string name)
    {
        string file = Path.Combine(Repository.Folder, "docs", name + ".md");
        Assert.True(File.Exists(file), $"docs/{name}.md is missing: run ./build.sh.");
        string page = Words(File.ReadAllText(file));
        XElement help = Page(name);
        string[] texts = [.. help.Descendants(Maml + "para").Concat(help.Descendants(Dev + "code")).Select(e => Words(e.Value))];
        Assert.Empty(texts.Where(t => !page.Contains(t, StringComparison.Ordinal)).Select(t => $"docs/{name}.md is out of date, run ./build.sh: {t}"));
    }

    [Fact]
    public void The_help_file_has_the_cmdlets_that_ship_and_no_others() =>
        Assert.Equal(ManifestTests.Names.Order(StringComparer.Ordinal), Pages.Value.Keys.Order(StringComparer.Ordinal));

    // The help file has no marks around code and lines end elsewhere; what a parameter accepts is a sentence there and a row of a table in the page.
    private static string Words(string text) => string.Join(' ', Accepted().Replace(text, "| Accepted values | $1 |")
        .Replace("`", "", StringComparison.Ordinal).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex(@"^Accepted values: (.*)\.$")]
    private static partial Regex Accepted();

    private static XElement Page(string name)
    {
        Assert.True(Pages.Value.TryGetValue(name, out XElement? page), name + " has no help: run ./build.sh.");
        return page;
    }
}
