using System.Text;
using CloudLab.Core.Common.Review;
using CloudLab.Tests.Module;
using Xunit;

namespace CloudLab.Tests.Common;

/// <summary>Holds a page of docs/ against the rules that it describes.</summary>
internal static class RulePage
{
    /// <summary>Fails where the page is not what the rules say, and leaves the right one in the temporary folder.</summary>
    /// <param name="name">File name in docs/.</param>
    /// <param name="cmdlet">Name of the cmdlet.</param>
    /// <param name="introduction">What stands above the table.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="rest">What stands below the table; empty for nothing.</param>
    /// <param name="columns">Columns between severity and title: a heading, and what it says of a rule.</param>
    public static async Task AssertAsync(
        string name, string cmdlet, string introduction, IReadOnlyList<FindingRule> rules, string rest = "", params (string Heading, Func<FindingRule, string?> Cell)[] columns)
    {
        bool fix = rules.Any(rule => rule.Fix.Length > 0);
        string[] headings = ["rule", "severity", .. columns.Select(column => column.Heading), "what it finds", "why it matters", .. fix ? (string[])["what to do"] : []];
        StringBuilder page = new($"# Rules of {cmdlet}\n\n{introduction}\n\n| {string.Join(" | ", headings)} |\n|{string.Concat(headings.Select(_ => "---|"))}\n");
        foreach (FindingRule rule in rules)
        {
            string[] cells =
            [
                $"`{rule.Id}`", $"{rule.Severity}{(rule.IsOptional ? ", optional" : "")}", .. columns.Select(column => column.Cell(rule) ?? ""), rule.Title, rule.Help, .. fix ? (string[])[rule.Fix.Replace("|", "\\|", StringComparison.Ordinal)] : [],
            ];
            page.Append($"| {string.Join(" | ", cells)} |\n");
        }

        string written = page.Append(rest).ToString().ReplaceLineEndings("\n"), file = Path.Combine(Repository.Folder, "docs", name), made = Path.Combine(Path.GetTempPath(), name);
        await File.WriteAllTextAsync(made, written, TestContext.Current.CancellationToken);
        Assert.True(
            File.Exists(file) && (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n") == written,
            $"docs/{name} is out of date: copy {made} over it.");
    }
}
