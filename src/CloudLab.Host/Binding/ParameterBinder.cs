using System.Collections;
using System.Management.Automation;
using System.Reflection;

namespace CloudLab.Host.Binding;

/// <summary>
/// Puts values into a cmdlet's properties by PowerShell's rules: conversion, validation, parameter sets, mandatory
/// parameters; first what the command line gives, then what each input object gives.
/// </summary>
/// <param name="model">The cmdlet's description.</param>
/// <param name="cmdlet">The cmdlet.</param>
public sealed class ParameterBinder(CommandModel model, Cmdlet cmdlet)
{
    private const string CannotConvert = "CannotConvertArgumentNoMessage";

    private readonly Dictionary<ParameterModel, object?> initial = [];
    private readonly HashSet<ParameterModel> given = [];
    private readonly HashSet<ParameterModel> fromInput = [];
    private HashSet<string> candidates = [.. model.Sets];

    /// <summary>Whether an input object could still set something.</summary>
    public bool WantsInput => model.Parameters.Any(p => !given.Contains(p) && candidates.Any(s => FromPipeline(p, s)));

    /// <summary>Whether the cmdlet could run on what it has got so far.</summary>
    public bool IsComplete => candidates.Any(set => !Missing(set).Any());

    /// <summary>What is bound now, for <c>MyInvocation.BoundParameters</c>.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Bound =>
        given.Concat(fromInput).Select(p => KeyValuePair.Create(p.Name, p.Property.GetValue(cmdlet)));

    /// <summary>Binds a parameter given by name.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="value">Its value, of whatever type.</param>
    public void BindNamed(ParameterModel parameter, object? value)
    {
        if (!given.Add(parameter))
        {
            throw new ParameterBindingException("ParameterAlreadyBound", parameter.Name, $"-{parameter.Name} is given more than once.");
        }

        candidates = Narrow(candidates, parameter) ?? throw NoSet();
        Set(parameter, value);
    }

    /// <summary>Binds the arguments that came without a name, in the order of the parameters' positions.</summary>
    /// <param name="values">The arguments.</param>
    /// <param name="convert">Turns an argument into a value for the parameter it fell to.</param>
    public void BindPositional(IReadOnlyList<string> values, Func<ParameterModel, IReadOnlyList<string>, object?> convert)
    {
        for (int i = 0; i < values.Count; i++)
        {
            if (NextPositional() is { } parameter)
            {
                BindNamed(parameter, convert(parameter, [values[i]]));
            }
            else if (model.Parameters.FirstOrDefault(p => !given.Contains(p)
                && candidates.Any(s => p.In(s)?.ValueFromRemainingArguments == true)) is { } rest)
            {
                BindNamed(rest, convert(rest, [.. values.Skip(i)]));
                return;
            }
            else
            {
                throw new ParameterBindingException(
                    "PositionalParameterNotFound", null, $"Nothing takes the argument '{values[i]}'; name the parameter it is meant for.");
            }
        }
    }

    /// <summary>Ends the binding of the command line: is anything mandatory still missing, and which set is it?</summary>
    /// <param name="expectInput">True where input objects can still bring what is missing.</param>
    /// <returns>The set as known so far.</returns>
    public string Complete(bool expectInput)
    {
        if (expectInput)
        {
            string[] possible = [.. candidates.Where(s => Missing(s).All(p => FromPipeline(p, s)))];
            return possible.Length > 0 ? Preferred(possible) : Choose(candidates);
        }

        return Choose(candidates);
    }

    /// <summary>Binds one input object.</summary>
    /// <param name="input">The object.</param>
    /// <returns>The parameter set that it makes.</returns>
    public string BindInput(object? input)
    {
        foreach (ParameterModel earlier in fromInput)
        {
            earlier.Property.SetValue(cmdlet, initial[earlier]);
        }

        fromInput.Clear();
        HashSet<string> sets = candidates;
        bool document = input is PSObject { BaseObject: PSCustomObject };
        ParameterBindingException? refused = null;

        // PowerShell's order. A document (what a JSON line holds) has no type to match, so its properties come first.
        sets = document ? sets : ByValue(input, false, sets, ref refused);
        sets = ByName(input, false, sets, ref refused);
        sets = document ? ByName(input, true, sets, ref refused) : ByValue(input, true, sets, ref refused);
        sets = document ? ByValue(input, true, sets, ref refused) : ByName(input, true, sets, ref refused);
        if (fromInput.Count == 0)
        {
            // A value of the wrong type is none for this parameter; one that the parameter refuses says why.
            throw refused is { ErrorId: not CannotConvert } ? refused : new ParameterBindingException(
                "InputObjectNotBound", null,
                $"The input fits no parameter: {model.Name} takes {PipelineNames()} from its input."
                + (refused is null ? "" : " " + refused.Message));
        }

        return Choose(sets);
    }

    private HashSet<string> ByValue(object? input, bool convert, HashSet<string> sets, ref ParameterBindingException? refused)
    {
        foreach (ParameterModel parameter in Free(sets, p => p.ValueFromPipeline))
        {
            bool fits = Fits(parameter, Base(input));
            if (fits || (convert && !(input is PSObject && parameter.Type == typeof(string))))
            {
                // That a whole document is no number is not worth saying.
                ParameterBindingException? unsaid = null;
                sets = Base(input) is PSObject
                    ? TryBind(parameter, Base(input), sets, ref unsaid)
                    : TryBind(parameter, Base(input), sets, ref refused);
            }
        }

        return sets;
    }

    private HashSet<string> ByName(object? input, bool convert, HashSet<string> sets, ref ParameterBindingException? refused)
    {
        foreach (ParameterModel parameter in Free(sets, p => p.ValueFromPipelineByPropertyName))
        {
            if (parameter.Names.Select(n => Property(input, n)).FirstOrDefault(v => v.Found) is { Found: true, Value: { } value }
                && (convert || Fits(parameter, value)))
            {
                sets = TryBind(parameter, value, sets, ref refused);
            }
        }

        return sets;
    }

    // A single value needs no conversion to become an array.
    private static bool Fits(ParameterModel parameter, object? value) =>
        parameter.Type.IsInstanceOfType(value) || parameter.Type.GetElementType()?.IsInstanceOfType(value) == true;

    private ParameterModel[] Free(HashSet<string> sets, Func<ParameterAttribute, bool> kind)
    {
        string? first = model.DefaultSet is { } set && sets.Contains(set) ? set : null;
        return [.. model.Parameters
            .Where(p => !given.Contains(p) && !fromInput.Contains(p) && sets.Any(s => p.In(s) is { } a && kind(a)))
            .OrderBy(p => first is not null && p.In(first) is { } a && kind(a) ? 0 : 1)];
    }

    private HashSet<string> TryBind(ParameterModel parameter, object? value, HashSet<string> sets, ref ParameterBindingException? refused)
    {
        // A parameter bound just before may have ruled out this one's sets.
        if (Narrow(sets, parameter) is not { } narrowed || !narrowed.Any(s => FromPipeline(parameter, s)))
        {
            return sets;
        }

        initial.TryAdd(parameter, parameter.Property.GetValue(cmdlet));
        try
        {
            Set(parameter, value);
        }
        catch (ParameterBindingException e)
        {
            refused ??= e;
            return sets;
        }

        fromInput.Add(parameter);
        return narrowed;
    }

    private ParameterModel? NextPositional()
    {
        var open = model.Parameters.Where(p => !given.Contains(p))
            .SelectMany(p => candidates.Select(s => (Parameter: p, Set: s, Position: p.In(s)?.Position ?? int.MinValue)))
            .Where(c => c.Position >= 0)
            .OrderBy(c => c.Position).ThenBy(c => c.Set == model.DefaultSet ? 0 : 1);
        return open.FirstOrDefault().Parameter;
    }

    private IEnumerable<ParameterModel> Missing(string set) =>
        model.Parameters.Where(p => p.In(set)?.Mandatory == true && !given.Contains(p) && !fromInput.Contains(p));

    private string Choose(HashSet<string> sets)
    {
        string[] complete = [.. sets.Where(s => !Missing(s).Any())];
        if (complete.Length == 1 || (complete.Length > 1 && model.DefaultSet is { } set && complete.Contains(set)))
        {
            return complete.Length == 1 ? complete[0] : model.DefaultSet!;
        }

        if (complete.Length > 1)
        {
            throw NoSet();
        }

        ParameterModel[] missing = [.. Missing(Preferred([.. sets]))];
        throw new ParameterBindingException(
            "MissingMandatoryParameter", missing[0].Name,
            "Missing " + string.Join(" and ", missing.Select(p => "-" + p.Name)) + ".");
    }

    private string Preferred(string[] sets) =>
        model.DefaultSet is { } set && sets.Contains(set) ? set : sets.OrderBy(s => Missing(s).Count()).First();

    private HashSet<string>? Narrow(HashSet<string> sets, ParameterModel parameter)
    {
        HashSet<string> left = [.. sets.Where(s => parameter.In(s) is not null)];
        return left.Count > 0 ? left : null;
    }

    private ParameterBindingException NoSet() => new(
        "AmbiguousParameterSet", null, "These parameters do not go together: " + string.Join(", ", given.Select(p => "-" + p.Name)) + ".");

    private string PipelineNames() => string.Join(", ", model.Parameters
        .Where(p => model.Sets.Any(s => FromPipeline(p, s))).Select(p => p.Name)) is { Length: > 0 } names ? names : "nothing";

    private void Set(ParameterModel parameter, object? value)
    {
        try
        {
            foreach (ArgumentTransformationAttribute transformation in parameter.Attributes<ArgumentTransformationAttribute>())
            {
                value = transformation.Transform(EngineIntrinsics.Instance, value);
            }

            object? converted = value is null && !parameter.Type.IsValueType && parameter.Type != typeof(string)
                ? null
                : LanguagePrimitives.ConvertTo(value, parameter.Type);
            RefuseEmpty(parameter, converted);
            foreach (ValidateArgumentsAttribute validation in parameter.Attributes<ValidateArgumentsAttribute>())
            {
                validation.Check(converted);
            }

            parameter.Property.SetValue(cmdlet, converted);
        }
        catch (Exception e) when (e is PSInvalidCastException or MetadataException or TargetInvocationException or ArgumentException)
        {
            Exception cause = (e as TargetInvocationException)?.InnerException ?? e;
            throw new ParameterBindingException(
                cause is ValidationMetadataException ? "ParameterArgumentValidationError" : CannotConvert,
                parameter.Name, $"-{parameter.Name}: {cause.Message}", cause);
        }
    }

    private static void RefuseEmpty(ParameterModel parameter, object? value)
    {
        if (!parameter.Sets.Values.Any(s => s.Mandatory))
        {
            return;
        }

        bool refused = value switch
        {
            null => !parameter.Attributes<AllowNullAttribute>().Any(),
            "" => !parameter.Attributes<AllowEmptyStringAttribute>().Any(),
            ICollection { Count: 0 } => !parameter.Attributes<AllowEmptyCollectionAttribute>().Any(),
            string[] many => many.Contains("") && !parameter.Attributes<AllowEmptyStringAttribute>().Any(),
            _ => false,
        };
        if (refused)
        {
            throw new ValidationMetadataException("The argument is empty.");
        }
    }

    private static bool FromPipeline(ParameterModel parameter, string set) =>
        parameter.In(set) is { } a && (a.ValueFromPipeline || a.ValueFromPipelineByPropertyName);

    private static object? Base(object? input) => input is PSObject { BaseObject: not PSCustomObject } wrapper ? wrapper.BaseObject : input;

    private static (bool Found, object? Value) Property(object? input, string name)
    {
        switch (input)
        {
            case null or string:
                return default;
            case PSObject custom:
                return custom.Properties[name] is { } note ? (true, note.Value) : default;
            default:
                PropertyInfo? property = input.GetType().GetProperty(
                    name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
                return property is { CanRead: true } ? (true, property.GetValue(input)) : default;
        }
    }
}
