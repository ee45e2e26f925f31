using System.Text.RegularExpressions;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Host.Help;

namespace CloudLab.Help;

/// <summary><c>CloudLab.Help HELPFILE PAGES</c>: writes the module's help file and the pages of docs.</summary>
internal static partial class Program
{
    private static int Main(string[] args)
    {
        if (args is not [var helpFile, var pagesFolder])
        {
            Console.Error.WriteLine("CloudLab.Help HELPFILE PAGES");
            return 2;
        }

        CommandModel[] all = [.. typeof(LabCommand).Assembly.GetExportedTypes().Select(CommandModel.Of).OfType<CommandModel>()
            .OrderBy(m => m.Noun, StringComparer.Ordinal).ThenBy(m => m.Name, StringComparer.Ordinal)];
        HelpBuilder builder = new(new XmlDocs(AppContext.BaseDirectory), all);
        HelpPage[] pages = [.. all.Select(builder.Build)];
        MamlFile.Write(helpFile, pages);
        WritePages(pagesFolder, pages);
        return 0;
    }

    private static void WritePages(string folder, IReadOnlyList<HelpPage> pages)
    {
        Directory.CreateDirectory(folder);
        foreach (HelpPage page in pages)
        {
            string file = Path.Combine(folder, page.Name + ".md");
            string text = MarkdownPage.Of(page);
            if (!File.Exists(file) || File.ReadAllText(file).ReplaceLineEndings("\n") != text)
            {
                File.WriteAllText(file, text);
            }
        }

        // Of a cmdlet that is no more, no page stays.
        foreach (string file in Directory.EnumerateFiles(folder, "*.md"))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            if (CmdletName().IsMatch(name) && pages.All(p => p.Name != name))
            {
                File.Delete(file);
            }
        }
    }

    [GeneratedRegex(@"\A[A-Z][a-z]+-(Lab|Hpa|Vpa)\w*\z")]
    private static partial Regex CmdletName();
}
