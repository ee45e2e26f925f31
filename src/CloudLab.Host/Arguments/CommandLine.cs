using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace CloudLab.Host.Arguments;

/// <summary>
/// Hands the arguments of one cmdlet to the engine: <c>-Name value</c>, <c>-Name:value</c>, <c>--name=value</c>, positional ones.
/// A parameter that takes several values gets them by repetition. Which parameter a name means, and which an argument without a name falls to,
/// the engine decides.
/// </summary>
/// <param name="cmdlet">The cmdlet.</param>
internal sealed class CommandLine(CmdletInfo cmdlet)
{
    private readonly ParameterSlots slots = new(cmdlet);

    /// <summary>A parameter that got one value with commas, and would have taken several; null where none did.</summary>
    public string? WithCommas { get; private set; }

    /// <summary>What input is to the parameters that are left.</summary>
    /// <returns>The kind.</returns>
    public InputKind Input() => slots.Input();

    /// <summary>Whether an input object could still set something.</summary>
    public bool WantsInput => slots.WantsInput;

    /// <summary>Whether the cmdlet could run without input.</summary>
    public bool IsComplete => slots.IsComplete;

    /// <summary>Whether a parameter is on the command line.</summary>
    /// <param name="parameter">Its name.</param>
    /// <returns>True where it is.</returns>
    public bool IsGiven(string parameter) => slots.IsGiven(parameter);

    /// <summary>Makes the cmdlet with its arguments.</summary>
    /// <param name="args">What follows the cmdlet's name.</param>
    /// <returns>A command for a pipeline.</returns>
    public Command ToCommand(IReadOnlyList<string> args)
    {
        Command command = new(cmdlet.Name);
        List<(int Place, string Value)> positional = [];
        List<(ParameterMetadata Parameter, List<string> Values)> named = [];
        for (int i = 0; i < args.Count; i++)
        {
            if (args[i] == "--")
            {
                positional.AddRange(args.Index().Skip(i + 1));
                break;
            }

            if (!IsName(args[i]))
            {
                positional.Add((i, args[i]));
                continue;
            }

            (string name, string? inline) = Split(args[i]);
            ParameterMetadata parameter = Find(name);
            if (parameter.SwitchParameter)
            {
                // What is left of -Confirm:$false when a shell has put its own variable of that name in.
                command.Parameters.Add(parameter.Name, inline is "" ? throw new UsageException(
                    $"-{name}: needs a value: -{name}:true or -{name}:false, without a $.") : ArgumentValue.Flag(inline ?? "true"));
                slots.Give(parameter.Name);
                continue;
            }

            string value = inline ?? Next(args, ref i, name);
            if (inline is null && i + 1 < args.Count && !IsName(args[i + 1]))
            {
                RefuseList(parameter.Name, parameter.ParameterType, value);
            }

            if (ArgumentValue.Repeats(parameter.ParameterType) && named.Find(n => n.Parameter == parameter).Values is { } earlier)
            {
                earlier.Add(value);
            }
            else
            {
                named.Add((parameter, [value]));
            }
        }

        foreach ((ParameterMetadata parameter, List<string> values) in named)
        {
            command.Parameters.Add(parameter.Name, ToValue(parameter.Name, parameter.ParameterType, parameter.Attributes, values));
            slots.Give(parameter.Name);
        }

        for (int i = 0; i < positional.Count; i++)
        {
            (int place, string value) = positional[i];
            if (slots.NextPositional() is not { } parameter)
            {
                command.Parameters.Add(null, value);
                continue;
            }

            if (i + 1 < positional.Count && positional[i + 1].Place == place + 1)
            {
                RefuseList(parameter.Name, parameter.ParameterType, value);
            }

            command.Parameters.Add(null, ToValue(parameter.Name, parameter.ParameterType, parameter.Attributes, [value]));
        }

        return command;
    }

    // What follows the comma would fall to another parameter.
    private static void RefuseList(string name, Type type, string value)
    {
        if (ArgumentValue.BeginsList(type, value))
        {
            throw new UsageException(
                $"-{name}: '{value}' ends in a comma, and an argument is one value here: for several write -{name} A -{name} B, for one that ends so -{name}:{value}");
        }
    }

    private object? ToValue(string name, Type type, IEnumerable<Attribute> attributes, IReadOnlyList<string> typed)
    {
        if (ArgumentValue.Repeats(type) && !ArgumentValue.Divides(type, attributes) && typed.Any(t => t.Contains(',', StringComparison.Ordinal)))
        {
            WithCommas = name;
        }

        return ArgumentValue.Of(name, type, attributes, typed);
    }

    private static bool IsName(string arg) =>
        arg.Length > 1 && arg[0] == '-' && (char.IsLetter(arg[1]) || arg[1] is '-' or '?' or '_');

    private static (string Name, string? Value) Split(string arg)
    {
        bool twoDashes = arg.StartsWith("--", StringComparison.Ordinal);
        int end = twoDashes ? arg.IndexOfAny(['=', ':']) : arg.IndexOf(':', StringComparison.Ordinal);
        string name = end < 0 ? arg : arg[..end];

        // --endpoint-url is -EndpointUrl.
        return (twoDashes ? name.Replace("-", "", StringComparison.Ordinal) : name[1..], end < 0 ? null : arg[(end + 1)..]);
    }

    private static string Next(IReadOnlyList<string> args, ref int i, string name) =>
        i + 1 < args.Count && !IsName(args[i + 1])
            ? args[++i]
            : throw new UsageException($"-{name} needs a value."
                + (i + 1 < args.Count ? $" If it begins with a dash, write -{name}:{args[i + 1]}." : ""));

    private ParameterMetadata Find(string name)
    {
        try
        {
            return cmdlet.ResolveParameter(name);
        }
        catch (ParameterBindingException e) when (SimilarName.Of(name, cmdlet.Parameters.Keys) is { } similar)
        {
            throw new UsageException($"{e.Message} Did you mean -{similar}?");
        }
    }
}
