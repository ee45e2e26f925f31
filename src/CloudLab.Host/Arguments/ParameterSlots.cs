using System.Management.Automation;
using System.Reflection;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Host.Arguments;

/// <summary>
/// What the arguments given so far leave open, from the engine's description of the cmdlet. The engine binds them; this only
/// tells what it cannot be asked before: whether a comma in a positional argument divides values, and whether standard input is
/// worth reading.
/// </summary>
/// <param name="cmdlet">The cmdlet.</param>
internal sealed class ParameterSlots(CmdletInfo cmdlet)
{
    private readonly HashSet<string> given = new(StringComparer.OrdinalIgnoreCase);
    private CommandParameterSetInfo[] sets = [.. cmdlet.ParameterSets.OrderBy(s => s.IsDefault ? 0 : 1)];

    /// <summary>Whether an input object could still set something.</summary>
    public bool WantsInput => sets.Any(s => Open(s).Any(p => (p.ValueFromPipeline || p.ValueFromPipelineByPropertyName) && !IsHidden(p)));

    /// <summary>What input is to the parameters that are left.</summary>
    /// <returns>The kind.</returns>
    public InputKind Input()
    {
        CommandParameterInfo[] whole = [.. sets.SelectMany(Open).Where(p => p.ValueFromPipeline && !IsHidden(p))];
        return whole.SelectMany(p => p.Attributes).OfType<InputAsWrittenAttribute>().FirstOrDefault() is { } written
            ? !written.Bytes ? InputKind.Text : written.LinesWith.Any(IsGiven) ? InputKind.Lines : InputKind.Bytes
            : whole.Any(p => IsFromText(p.ParameterType)) ? InputKind.Values : InputKind.Objects;
    }

    /// <summary>Whether the cmdlet could run on what it has been given.</summary>
    public bool IsComplete => sets.Any(s => !Open(s).Any(p => p.IsMandatory));

    /// <summary>Whether a parameter has been given.</summary>
    /// <param name="parameter">Its name.</param>
    /// <returns>True where it has.</returns>
    public bool IsGiven(string parameter) => given.Contains(parameter);

    /// <summary>Notes a parameter as given.</summary>
    /// <param name="parameter">Its name.</param>
    public void Give(string parameter)
    {
        given.Add(parameter);
        CommandParameterSetInfo[] left = [.. sets.Where(s => s.Parameters.Any(p => p.Name == parameter))];

        // Parameters that do not go together are the engine's to refuse.
        sets = left.Length > 0 ? left : sets;
    }

    /// <summary>The parameter that the next positional argument falls to.</summary>
    /// <returns>The parameter; null where nothing takes it.</returns>
    public CommandParameterInfo? NextPositional()
    {
        CommandParameterInfo? next = sets
            .Select(s => Open(s).Where(p => p.Position >= 0).MinBy(p => p.Position) ?? Open(s).FirstOrDefault(p => p.ValueFromRemainingArguments))
            .FirstOrDefault(p => p is not null);
        if (next is not null)
        {
            Give(next.Name);
        }

        return next;
    }

    // It takes whole objects for the sake of what they remember, and is nothing to set.
    private static bool IsHidden(CommandParameterInfo parameter) => parameter.Attributes.OfType<ParameterAttribute>().Any(a => a.DontShow);

    // Whether the engine can make one of a string.
    private static bool IsFromText(Type type)
    {
        Type one = type.GetElementType() ?? Nullable.GetUnderlyingType(type) ?? type;
        return one == typeof(string) || one == typeof(object) || one.IsPrimitive || one.IsEnum
            || one.GetConstructor([typeof(string)]) is not null
            || one.GetMethod("Parse", BindingFlags.Public | BindingFlags.Static, [typeof(string)]) is not null;
    }

    private IEnumerable<CommandParameterInfo> Open(CommandParameterSetInfo set) => set.Parameters.Where(p => !given.Contains(p.Name));
}
