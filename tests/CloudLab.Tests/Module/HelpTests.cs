using CloudLab.Cmdlets.Pipeline;
using CloudLab.Host.Binding;
using CloudLab.Host.Help;
using Xunit;

namespace CloudLab.Tests.Module;

/// <summary>The help that is generated from the comments in the code.</summary>
[Trait("Area", "Module")]
public class HelpTests
{
    private static readonly Lazy<IReadOnlyList<HelpPage>> Pages =
        new(() => DocsCommand.Build(new CommandCatalog(typeof(LabCommand).Assembly), AppContext.BaseDirectory));

    public static TheoryData<string> Cmdlets() => [.. Pages.Value.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void A_cmdlet_has_all_its_text(string name)
    {
        HelpPage page = Page(name);
        List<string> missing = [];
        Want(page.Synopsis, "a synopsis (<summary>)");
        Want(string.Concat(page.Description), "a description (<remarks>)");
        foreach (HelpParameter parameter in page.Parameters)
        {
            Want(string.Concat(parameter.Description), $"text for -{parameter.Name}");
        }

        foreach (HelpType type in page.Outputs.Where(t => t.Name.StartsWith("CloudLab.", StringComparison.Ordinal)))
        {
            Want(type.Description, "a summary of its output type " + type.Name);
        }

        Want(page.Examples.Count >= 2 ? "enough" : "", "two examples");
        foreach (HelpExample example in page.Examples)
        {
            Want(example.Title, "a title for an example");
            Want(example.Code, "code in an example");
        }

        Assert.True(missing.Count == 0, $"{name} lacks {string.Join(", ", missing)}.");

        void Want(string text, string what)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                missing.Add(what);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Its_page_is_up_to_date(string name)
    {
        string file = Path.Combine(Repository.Folder, "docs", name + ".md");
        Assert.True(File.Exists(file), $"docs/{name}.md is missing: run ./build.sh.");
        Assert.True(
            MarkdownPage.Of(Page(name)) == File.ReadAllText(file).ReplaceLineEndings("\n"), $"docs/{name}.md is out of date: run ./build.sh.");
    }

    [Fact]
    public void The_help_file_holds_what_was_put_in()
    {
        string file = Path.Combine(TestEnvironment.Folder, "help.xml");
        MamlFile.Write(file, Pages.Value);
        Assert.Equal(Pages.Value.Select(p => p.Name), MamlFile.ReadSynopses(file).Select(s => s.Name));
        foreach (HelpPage page in Pages.Value)
        {
            HelpPage read = MamlFile.Read(file, page.Name.ToUpperInvariant())!;
            Assert.Equal(Words(page), Words(read));
        }
    }

    // The help file has no marks around code, so lines end elsewhere.
    private static string[] Words(HelpPage page) =>
        HelpText.Of(page, 100).Replace("`", "", StringComparison.Ordinal).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    private static HelpPage Page(string name) => Pages.Value.Single(p => p.Name == name);
}
