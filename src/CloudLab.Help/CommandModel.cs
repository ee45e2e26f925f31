using System.Management.Automation;
using System.Reflection;

namespace CloudLab.Help;

/// <summary>A cmdlet as its attributes describe it.</summary>
internal sealed class CommandModel
{
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

    /// <summary>The folder that the class is in, without those below it.</summary>
    public string Area => Type.Namespace!.Split('.')[2];

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
    /// <param name="type">A class.</param>
    /// <returns>Its description; null where it is no cmdlet.</returns>
    public static CommandModel? Of(Type type) =>
        !type.IsAbstract && type.GetCustomAttribute<CmdletAttribute>() is { } cmdlet ? new CommandModel(type, cmdlet) : null;

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
