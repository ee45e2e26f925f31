using System.Diagnostics;
using System.Text;
using System.Xml.Linq;
using Xunit;

namespace CloudLab.Tests.Module;

/// <summary>The help that ./build.sh generates from the comments in the code, as it lies in the built module and in docs/.</summary>
[Trait("Area", "Module")]
public class HelpTests
{
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10",
        Maml = "http://schemas.microsoft.com/maml/2004/10",
        Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    private static readonly string HelpFile = Path.Combine(Repository.Folder, "out", "CloudLab", "en-US", "CloudLab.Cmdlets.dll-Help.xml");

    private static readonly Lazy<IReadOnlyDictionary<string, XElement>> Pages = new(() =>
        XDocument.Load(HelpFile)
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

        Want(page.Element(Command + "relatedLinks")?.Value, "a related cmdlet (<seealso>, where no other cmdlet has its noun)");
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

    [Fact]
    public async Task The_pages_in_docs_and_the_help_file_are_what_the_generator_writes()
    {
        string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString())).FullName;
        string helpFile = Path.Combine(folder, "help.xml"), pages = Path.Combine(folder, "docs"), docs = Path.Combine(Repository.Folder, "docs");
        await ForeignProcess.OutputAsync(new ProcessStartInfo(
            "dotnet", [Path.Combine(Repository.Folder, "src", "CloudLab.Help", "bin", "Release", "net10.0", "CloudLab.Help.dll"), helpFile, pages]));
        Assert.Equal(ManifestTests.Names.Order(StringComparer.Ordinal), Directory.EnumerateFiles(pages).Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(pages).Select(f => Path.GetFileName(f))
            .Where(name => !File.Exists(Path.Combine(docs, name)) || Text(Path.Combine(docs, name)) != Text(Path.Combine(pages, name)))
            .Select(name => $"docs/{name} is out of date: run ./build.sh."));
        Assert.Equal(Text(helpFile), Text(HelpFile));

        // A checkout on Windows has other line ends.
        static string Text(string file) => Encoding.UTF8.GetString(File.ReadAllBytes(file)).ReplaceLineEndings("\n");
    }

    [Fact]
    public void The_help_file_has_the_cmdlets_that_ship_and_no_others() =>
        Assert.Equal(ManifestTests.Names.Order(StringComparer.Ordinal), Pages.Value.Keys.Order(StringComparer.Ordinal));

    private static XElement Page(string name)
    {
        Assert.True(Pages.Value.TryGetValue(name, out XElement? page), name + " has no help: run ./build.sh.");
        return page;
    }
}
