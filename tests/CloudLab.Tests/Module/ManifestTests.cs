using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Host.Binding;
using CloudLab.Host.Output;
using Xunit;

namespace CloudLab.Tests.Module;

/// <summary>What ships beside the DLLs, against the classes in them.</summary>
[Trait("Area", "Module")]
public partial class ManifestTests
{
    private static readonly Assembly Cmdlets = typeof(LabCommand).Assembly;
    private static readonly CommandModel[] All = [.. Cmdlets.GetTypes()
        .Where(t => t.IsDefined(typeof(CmdletAttribute), false)).Select(CommandModel.Of)];

    [Fact]
    public void Every_cmdlet_and_alias_is_exported_by_name_and_nothing_else()
    {
        Assert.Equal(All.Select(c => c.Name).Order(StringComparer.Ordinal), Exports("CmdletsToExport").Order(StringComparer.Ordinal));
        Assert.Equal(All.SelectMany(c => c.Aliases).Order(StringComparer.Ordinal), Exports("AliasesToExport").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_class_is_named_and_placed_after_its_cmdlet()
    {
        Assert.All(All, c => Assert.Equal(c.Name.Replace("-", "", StringComparison.Ordinal) + "Command", c.Type.Name));
        Assert.All(All, c => Assert.True(c.Type.IsSealed && c.Type.IsPublic, c.Type + " is not public and sealed"));
        Assert.All(All, c => Assert.True(
            File.Exists(Path.Combine([Repository.Folder, "src", "CloudLab.Cmdlets", .. c.Type.Namespace!.Split('.')[2..], c.Type.Name + ".cs"])),
            c.Type + " is not in the file named after it"));
        Assert.Equal(All.Length, new CommandCatalog(Cmdlets).All().Count());
    }

    [Fact]
    public void The_cmdlets_assembly_needs_nothing_that_another_module_could_bring_in_another_version()
    {
        string[] foreign = [.. Cmdlets.GetReferencedAssemblies().Select(a => a.Name!)
            .Where(n => !n.StartsWith("System.", StringComparison.Ordinal) && !n.StartsWith("CloudLab.", StringComparison.Ordinal)
                && n is not ("netstandard" or "Microsoft.Win32.Primitives"))];
        Assert.Empty(foreign);
    }

    [Fact]
    public void Every_output_type_has_a_view_whose_properties_exist()
    {
        FormatFile formats = new(Path.Combine(Repository.Folder, "module", "CloudLab.format.ps1xml"));
        Type[] outputs = [.. All.SelectMany(c => c.Type.GetCustomAttributes<OutputTypeAttribute>()).SelectMany(o => o.Type)
            .Select(t => t.Type).OfType<Type>().Where(t => t.Namespace?.StartsWith("CloudLab.", StringComparison.Ordinal) == true).Distinct()];
        Assert.Empty(outputs.Where(t => formats.Find(t) is null).Select(t => t.FullName + " has no view in module/CloudLab.format.ps1xml"));

        Dictionary<string, Type> known = new[] { Cmdlets, typeof(Core.Sessions.LabSession).Assembly, typeof(CloudLab.Emulator.LabEmulator).Assembly }
            .SelectMany(a => a.GetExportedTypes()).ToDictionary(t => t.FullName!);
        List<string> wrong = [];
        foreach ((string name, ObjectView view) in formats.Views.Where(v => v.Key.StartsWith("CloudLab.", StringComparison.Ordinal)))
        {
            if (!known.TryGetValue(name, out Type? type))
            {
                wrong.Add($"there is no type {name}");
                continue;
            }

            foreach (ViewExpression value in view.Columns.Select(c => c.Value))
            {
                if (!value.IsSupported)
                {
                    wrong.Add($"{name}: the cloudlab command cannot show {{{value.Text}}}; use a property, $_.A.B or [Type]::Method($_.A)");
                }
                else if (!value.Text.Contains('$') && type.GetProperty(value.Text) is null)
                {
                    wrong.Add($"{name} has no property {value.Text}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void No_short_form_of_a_parameter_stands_for_two()
    {
        Assert.All(All, c => Assert.Empty(c.Parameters.SelectMany(p => p.Names).GroupBy(n => n, StringComparer.OrdinalIgnoreCase)
            .Where(g => g.Count() > 1).Select(g => $"{c.Name} -{g.Key}")));
    }

    [Fact]
    public void What_changes_something_can_be_asked_what_it_would_do()
    {
        string[] changing = ["New", "Set", "Remove", "Send", "Receive", "Copy", "Move", "Deploy", "Build", "Add", "Start", "Stop", "Clear", "Update"];
        Assert.Empty(All.Where(c => changing.Contains(c.Name.Split('-')[0]) && !c.SupportsShouldProcess && c.Name != "New-LabPolicyDocument")
            .Select(c => c.Name + " has no -WhatIf"));
        Assert.Empty(All.Where(c => c.Name.StartsWith("Remove-", StringComparison.Ordinal) && c.ConfirmImpact != ConfirmImpact.High)
            .Select(c => c.Name + " destroys without asking"));
    }

    private static string[] Exports(string key)
    {
        string manifest = File.ReadAllText(Path.Combine(Repository.Folder, "module", "CloudLab.psd1"));
        Match list = Regex.Match(manifest, key + @"\s*=\s*@\(([^)]*)\)");
        return [.. Quoted().Matches(list.Groups[1].Value).Select(m => m.Groups[1].Value)];
    }

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Quoted();
}
