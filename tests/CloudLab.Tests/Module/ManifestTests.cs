using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CloudLab.Cmdlets.Pipeline;
using Microsoft.PowerShell.Commands;
using Xunit;

namespace CloudLab.Tests.Module;

/// <summary>What ships beside the DLLs, against the classes in them.</summary>
[Trait("Area", "Module")]
public partial class ManifestTests
{
    private static readonly Assembly Cmdlets = typeof(LabCommand).Assembly;
    private static readonly CommandMetadata[] All = [.. Cmdlets.GetTypes()
        .Where(t => t.IsDefined(typeof(CmdletAttribute), false)).Select(t => new CommandMetadata(t))];

    /// <summary>The names of the cmdlets that ship.</summary>
    internal static IEnumerable<string> Names => All.Select(c => c.Name);

    [Fact]
    public void Every_cmdlet_and_alias_is_exported_by_name_and_nothing_else()
    {
        Assert.Equal(All.Select(c => c.Name).Order(StringComparer.Ordinal), Exports("CmdletsToExport").Order(StringComparer.Ordinal));
        Assert.Equal(All.SelectMany(c => c.CommandType.GetCustomAttributes<AliasAttribute>()).SelectMany(a => a.AliasNames).Order(StringComparer.Ordinal), Exports("AliasesToExport").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_class_is_named_and_placed_after_its_cmdlet()
    {
        Assert.All(All, c => Assert.Equal(c.Name.Replace("-", "", StringComparison.Ordinal) + "Command", c.CommandType.Name));
        Assert.All(All, c => Assert.True(c.CommandType.IsSealed && c.CommandType.IsPublic, c.CommandType + " is not public and sealed"));
        Assert.All(All, c => Assert.True(
            File.Exists(Path.Combine([Repository.Folder, "src", "CloudLab.Cmdlets", .. c.CommandType.Namespace!.Split('.')[2..], c.CommandType.Name + ".cs"])),
            c.CommandType + " is not in the file named after it"));
        Assert.Equal(All.Length, All.Select(c => c.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
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
        using Runspace runspace = OpenWithFormats();
        using PowerShell shell = PowerShell.Create(runspace);
        ExtendedTypeDefinition[] views = [.. shell.AddCommand("Get-FormatData").AddParameter("TypeName", "CloudLab.*")
            .Invoke<ExtendedTypeDefinition>()];
        HashSet<string> shown = [.. views.SelectMany(v => v.TypeNames)];
        Type[] outputs = [.. All.SelectMany(c => c.CommandType.GetCustomAttributes<OutputTypeAttribute>()).SelectMany(o => o.Type)
            .Select(t => t.Type).OfType<Type>().Where(t => t.Namespace?.StartsWith("CloudLab.", StringComparison.Ordinal) == true).Distinct()];
        Assert.Empty(outputs.Where(t => !Line(t).Any(l => shown.Contains(l.FullName!))).Select(t => t.FullName + " has no view in module/CloudLab.format.ps1xml"));

        Dictionary<string, Type> known = new[] { Cmdlets, typeof(Core.Sessions.LabSession).Assembly, typeof(CloudLab.Emulator.LabEmulator).Assembly }
            .SelectMany(a => a.GetExportedTypes()).ToDictionary(t => t.FullName!);
        // Members that module/CloudLab.types.ps1xml adds to a type.
        ILookup<string, string> added = XDocument.Load(Path.Combine(Repository.Folder, "module", "CloudLab.types.ps1xml")).Descendants("Type")
            .SelectMany(type => type.Element("Members")?.Elements().Select(member => (Type: type.Element("Name")!.Value, Name: member.Element("Name")!.Value)) ?? [])
            .ToLookup(pair => pair.Type, pair => pair.Name);
        List<string> wrong = [];
        foreach (ExtendedTypeDefinition view in views)
        {
            wrong.AddRange(view.TypeNames.Select(TypeOf).Where(name => !known.ContainsKey(name)).Select(name => $"there is no type {name}"));

            // Objects and prefixes share tables, with rows of their own.
            Type[] types = [.. view.TypeNames.Select(name => known.GetValueOrDefault(TypeOf(name))).OfType<Type>()];
            wrong.AddRange(view.FormatViewDefinition.SelectMany(Entries).SelectMany(Properties)
                .Where(property => types.All(type => type.GetProperty(property) is null && !added[type.FullName!].Contains(property)))
                .Select(property => $"{string.Join(", ", view.TypeNames)} has no property {property}"));
        }

        Assert.Empty(wrong);

        // After # stands which of a type's objects a view is for.
        static string TypeOf(string name) => name.Split('#')[0];
    }

    [Fact]
    public void Every_cmdlet_says_what_it_writes() => Assert.Empty(
        All.Where(c => !c.CommandType.IsDefined(typeof(OutputTypeAttribute), false)).Select(c => c.Name + " has no [OutputType]: typeof(void) where it writes nothing"));

    [Fact]
    public void No_output_has_a_property_that_only_a_table_needs()
    {
        // Export-Csv, ConvertTo-Json and Select-Object * have every property; what a table makes of them is the view's and TableText's.
        HashSet<Type> seen = [];
        Queue<Type> types = new(All.SelectMany(c => c.CommandType.GetCustomAttributes<OutputTypeAttribute>()).SelectMany(o => o.Type).Select(t => t.Type).OfType<Type>());
        List<string> wrong = [];
        while (types.TryDequeue(out Type? type))
        {
            if (type.Namespace?.StartsWith("CloudLab.", StringComparison.Ordinal) != true || !seen.Add(type))
            {
                continue;
            }

            foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            {
                if (property.Name is not "Text" && (property.Name.EndsWith("Text", StringComparison.Ordinal) || property.Name == "Place"))
                {
                    wrong.Add($"{type.Name}.{property.Name}");
                }

                foreach (Type part in property.PropertyType.GetGenericArguments().Append(property.PropertyType))
                {
                    types.Enqueue(part.GetElementType() ?? part);
                }
            }
        }

        Assert.Contains(typeof(Core.Kubernetes.Resources.Kinds.LabPod), seen);
        Assert.Empty(wrong);
    }

    [Fact]
    public void No_short_form_of_a_parameter_stands_for_two()
    {
        Assert.All(All, c => Assert.Empty(c.Parameters.Values.SelectMany(p => p.Aliases.Append(p.Name)).GroupBy(n => n, StringComparer.OrdinalIgnoreCase)
            .Where(g => g.Count() > 1).Select(g => $"{c.Name} -{g.Key}")));
    }

    [Fact]
    public void What_changes_something_can_be_asked_what_it_would_do()
    {
        string[] changing = ["New", "Set", "Remove", "Send", "Receive", "Copy", "Move", "Deploy", "Build", "Add", "Start", "Stop", "Clear", "Update"];
        // These only write an object.
        string[] pure = ["New-LabManifest", "New-LabPolicyDocument", "Add-LabPolicyStatement"];
        Assert.Empty(All.Where(c => changing.Contains(c.Name.Split('-')[0]) && !c.SupportsShouldProcess && !pure.Contains(c.Name))
            .Select(c => c.Name + " has no -WhatIf"));
        Assert.Empty(All.Where(c => c.Name.StartsWith("Remove-", StringComparison.Ordinal) && c.ConfirmImpact != ConfirmImpact.High)
            .Select(c => c.Name + " destroys without asking"));
    }

    // A type without a view of its own is shown by that of the class it derives from.
    private static IEnumerable<Type> Line(Type type)
    {
        for (Type? each = type; each is not null; each = each.BaseType)
        {
            yield return each;
        }
    }

    private static IEnumerable<DisplayEntry> Entries(FormatViewDefinition view) => view.Control switch
    {
        TableControl table => table.Rows.SelectMany(r => r.Columns).Select(c => c.DisplayEntry),
        ListControl list => list.Entries.SelectMany(e => e.Items).Select(i => i.DisplayEntry),
        _ => throw new NotSupportedException($"{view.Name} is neither a table nor a list."),
    };

    private static IEnumerable<string> Properties(DisplayEntry entry) => entry.ValueType == DisplayEntryValueType.Property
        ? [entry.Value]
        : OfInput().Matches(entry.Value).Select(m => m.Groups[1].Value);

    private static Runspace OpenWithFormats()
    {
        InitialSessionState state = InitialSessionState.Create();
        state.Formats.Add(new SessionStateFormatEntry(Path.Combine(Repository.Folder, "module", "CloudLab.format.ps1xml")));
        state.Commands.Add(new SessionStateCmdletEntry("Get-FormatData", typeof(GetFormatDataCommand), null));
        Runspace runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
        return runspace;
    }

    private static string[] Exports(string key)
    {
        string manifest = File.ReadAllText(Path.Combine(Repository.Folder, "module", "CloudLab.psd1"));
        Match list = Regex.Match(manifest, key + @"\s*=\s*@\(([^)]*)\)");
        return [.. Quoted().Matches(list.Groups[1].Value).Select(m => m.Groups[1].Value)];
    }

    [GeneratedRegex(@"\$_\.(\w+)\b(?!\()")]
    private static partial Regex OfInput();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Quoted();
}
