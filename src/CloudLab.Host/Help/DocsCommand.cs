using System.Text.RegularExpressions;
using CloudLab.Host.Binding;

namespace CloudLab.Host.Help;

/// <summary><c>cloudlab docs PAGES XMLDOCS</c>, for the build: writes the help file and the pages.</summary>
internal static partial class DocsCommand
{
    /// <summary>Runs it.</summary>
    /// <param name="args">Folder of the pages; folder of the XML documentation.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args)
    {
        if (args is not [var pagesFolder, var xmlFolder])
        {
            throw new UsageException("cloudlab docs PAGES XMLDOCS");
        }

        ModuleFolder module = ModuleFolder.Find();
        IReadOnlyList<HelpPage> pages = Build(module.Cmdlets(), xmlFolder);
        MamlFile.Write(module.HelpFile, pages);
        WritePages(pagesFolder, pages);
        return ExitCode.Ok;
    }

    /// <summary>Makes the help of all cmdlets.</summary>
    /// <param name="catalog">The cmdlets.</param>
    /// <param name="xmlFolder">Folder of the XML documentation.</param>
    /// <returns>The help.</returns>
    public static IReadOnlyList<HelpPage> Build(CommandCatalog catalog, string xmlFolder)
    {
        CommandModel[] all = [.. catalog.All()];
        HelpBuilder builder = new(new XmlDocs(xmlFolder), all);
        return [.. all.Select(builder.Build)];
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
