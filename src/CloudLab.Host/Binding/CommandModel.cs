using System.Management.Automation;
using System.Reflection;

namespace CloudLab.Host.Binding;

/// <summary>A cmdlet as its attributes describe it.</summary>
public sealed class CommandModel
{
    private static readonly Dictionary<Type, CommandModel> Known = [];

    private CommandModel(Type type, CmdletAttribute cmdlet)
    {
        Type = type;
        Name = cmdlet.VerbName + "-" + cmdlet.NounName;
        Noun = cmdlet.NounName;
        DefaultSet = cmdlet.DefaultParameterSetName;
        SupportsShouldProcess = cmdlet.SupportsShouldProcess;
        ConfirmImpact = cmdlet.ConfirmImpact;
        Aliases = type.GetCustomAttribute<AliasAttribute>() is { } alias ? [.. alias.AliasNames] : [];
        Parameters = [.. Properties(type)
            .Where(p => p.SetMethod is { IsPublic: true } && p.IsDefined(typeof(ParameterAttribute), true))
            .Select(p => new ParameterModel(p))];
        string[] named = [.. Parameters.SelectMany(p => p.Sets.Keys).Where(s => s != ParameterAttribute.AllParameterSets).Distinct()];
        if (DefaultSet is not null && !named.Contains(DefaultSet) && named.Length > 0)
        {
            named = [DefaultSet, .. named];
        }

        Sets = named.Length > 0 ? named : [DefaultSet ?? ParameterAttribute.AllParameterSets];
    }

    /// <summary>Verb and noun.</summary>
    public string Name { get; }

    /// <summary>The noun alone.</summary>
    public string Noun { get; }

    /// <summary>The cmdlet's class.</summary>
    public Type Type { get; }

    /// <summary>Other names of the cmdlet.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>The parameter set that is taken where the arguments fit several.</summary>
    public string? DefaultSet { get; }

    /// <summary>All parameter sets; one unnamed where the cmdlet has none.</summary>
    public IReadOnlyList<string> Sets { get; }

    /// <summary>Whether <c>-WhatIf</c> and <c>-Confirm</c> mean something.</summary>
    public bool SupportsShouldProcess { get; }

    /// <summary>How much the cmdlet can destroy.</summary>
    public ConfirmImpact ConfirmImpact { get; }

    /// <summary>The cmdlet's own parameters, those of its base classes last.</summary>
    public IReadOnlyList<ParameterModel> Parameters { get; }

    /// <summary>Reads a cmdlet's class.</summary>
    /// <param name="type">The class.</param>
    /// <returns>Its description.</returns>
    public static CommandModel Of(Type type)
    {
        lock (Known)
        {
            if (!Known.TryGetValue(type, out CommandModel? model))
            {
                CmdletAttribute cmdlet = type.GetCustomAttribute<CmdletAttribute>()
                    ?? throw new ArgumentException(type + " is no cmdlet.");
                Known[type] = model = new CommandModel(type, cmdlet);
            }

            return model;
        }
    }

    /// <summary>Finds a parameter by name, alias or an unmistakable beginning of its name.</summary>
    /// <param name="name">What was typed, without the dash.</param>
    /// <returns>The parameter, or null.</returns>
    /// <exception cref="ParameterBindingException">Several parameters begin so.</exception>
    public ParameterModel? Find(string name)
    {
        if (Parameters.FirstOrDefault(p => p.Names.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } exact)
        {
            return exact;
        }

        ParameterModel[] begins = [.. Parameters.Where(p => p.Names.Any(n => n.StartsWith(name, StringComparison.OrdinalIgnoreCase)))];
        return begins.Length <= 1
            ? begins.FirstOrDefault()
            : throw new ParameterBindingException(
                "AmbiguousParameter", name, $"-{name} could be {string.Join(" or ", begins.Select(p => "-" + p.Name))}.");
    }

    private static IEnumerable<PropertyInfo> Properties(Type type)
    {
        HashSet<string> seen = [];
        for (Type? level = type; level is not null && level != typeof(PSCmdlet); level = level.BaseType)
        {
            foreach (PropertyInfo property in level.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            {
                if (seen.Add(property.Name))
                {
                    yield return property;
                }
            }
        }
    }
}
