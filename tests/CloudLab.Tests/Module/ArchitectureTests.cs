using System.Management.Automation;
using System.Text.RegularExpressions;
using CloudLab.Cmdlets.Pipeline;
using Xunit;

namespace CloudLab.Tests.Module;

/// <summary>What docs/architecture.md says of the house, held against the source.</summary>
[Trait("Area", "Module")]
public partial class ArchitectureTests
{
    /// <summary>For each area of Core, the areas that it may use.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Common"] = [],
        ["Sessions"] = ["Common"],
        ["Storage"] = ["Common", "Sessions"],
        ["Identity"] = ["Common", "Sessions"],
        ["Containers"] = ["Common", "Sessions"],
        ["Kubernetes"] = ["Common", "Sessions", "Autoscaling"],
        ["Autoscaling"] = ["Common"],
    };

    /// <summary>Parts of an area that may use more than the others.</summary>
    private static readonly Dictionary<string, string[]> MayUseToo = new()
    {
        ["Storage/OnCluster"] = ["Kubernetes"],
    };

    public static TheoryData<string> Folders() => [.. Directory.EnumerateDirectories(Path.Combine(Repository.Folder, "src"), "*", SearchOption.AllDirectories)
        .Concat(Directory.EnumerateDirectories(Path.Combine(Repository.Folder, "tests", "CloudLab.Tests"), "*", SearchOption.AllDirectories))
        .Select(folder => Path.GetRelativePath(Repository.Folder, folder).Replace('\\', '/'))
        .Where(folder => !BuildOutput().IsMatch(folder) && Sources(folder).Length > 0)];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_file_sits_where_its_namespace_says(string folder)
    {
        string expected = string.Join('.', folder.Split('/').Skip(1));
        string[] elsewhere = [.. Sources(folder).Where(file => Namespace().Match(File.ReadAllText(file)) is { Success: true } match && match.Groups[1].Value != expected)];
        Assert.True(elsewhere.Length == 0, $"Not in namespace {expected}: {string.Join(", ", elsewhere.Select(Path.GetFileName))}");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_is_no_larger_than_an_eye_takes_in(string folder) =>
        Assert.True(Sources(folder).Length <= 25, $"{folder} has {Sources(folder).Length} files: divide it by the field's nouns (docs/architecture.md).");

    [Fact]
    public void Areas_of_Core_depend_one_way()
    {
        string core = Path.Combine(Repository.Folder, "src", "CloudLab.Core");
        List<string> wrong = [.. MayUse.Keys.Where(area => !Directory.Exists(Path.Combine(core, area))).Select(area => $"there is no area {area}")];
        foreach (string folder in Directory.EnumerateDirectories(core)
            .Where(folder => !BuildOutput().IsMatch(folder.Replace('\\', '/')) && Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Any()))
        {
            string area = Path.GetFileName(folder);
            Assert.True(MayUse.TryGetValue(area, out string[]? allowed), $"{area} is an area that docs/architecture.md and this test do not know.");
            foreach (string file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            {
                wrong.AddRange(Area().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value).Distinct()
                    .Where(used => used != area && !allowed.Contains(used) && !MayUseToo.GetValueOrDefault(Path.GetRelativePath(core, Path.GetDirectoryName(file)!).Replace('\\', '/'), []).Contains(used)).Select(used => $"{Path.GetFileName(file)} ({area}) uses {used}"));
            }
        }

        Assert.True(wrong.Count == 0, string.Join("; ", wrong));
    }

    [Fact]
    public void At_most_five_of_our_classes_stand_above_a_cmdlet()
    {
        string[] deep = [.. typeof(LabCommand).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && type.IsDefined(typeof(CmdletAttribute), false))
            .Select(type => (type.Name, Bases: Above(type)))
            .Where(cmdlet => cmdlet.Bases.Length > 5)
            .Select(cmdlet => $"{cmdlet.Name}: {string.Join(" < ", cmdlet.Bases)}")];
        Assert.True(deep.Length == 0, string.Join("; ", deep));
    }

    private static string[] Above(Type type)
    {
        List<string> bases = [];
        for (Type? above = type.BaseType; above is not null && above.Assembly == type.Assembly; above = above.BaseType)
        {
            bases.Add(above.Name);
        }

        return [.. bases];
    }

    private static string[] Sources(string folder) => Directory.GetFiles(Path.Combine(Repository.Folder, folder), "*.cs");

    [GeneratedRegex("/(bin|obj)(/|$)")]
    private static partial Regex BuildOutput();

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\bCloudLab\.Core\.(\w+)")]
    private static partial Regex Area();
}
