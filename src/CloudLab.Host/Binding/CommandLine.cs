using System.Management.Automation;
using CloudLab.Host.Pipeline;

namespace CloudLab.Host.Binding;

/// <summary>
/// Reads the arguments of one cmdlet: <c>-Name value</c>, <c>-Name:value</c>, <c>--name=value</c>, positional ones.
/// Several values of one parameter come by repetition or with commas (<c>\,</c> is a comma that does not divide).
/// </summary>
internal static class CommandLine
{
    /// <summary>Binds the arguments.</summary>
    /// <param name="args">What follows the cmdlet's name.</param>
    /// <param name="model">The cmdlet.</param>
    /// <param name="binder">Takes the cmdlet's own parameters.</param>
    /// <param name="common">Takes the common parameters.</param>
    public static void Bind(IReadOnlyList<string> args, CommandModel model, ParameterBinder binder, CommonParameters common)
    {
        List<string> positional = [];
        List<(ParameterModel Parameter, List<string> Values)> named = [];
        for (int i = 0; i < args.Count; i++)
        {
            if (args[i] == "--")
            {
                positional.AddRange(args.Skip(i + 1));
                break;
            }

            if (!IsName(args[i]))
            {
                string value = args[i];
                while (value.EndsWith(',') && i + 1 < args.Count && !IsName(args[i + 1]))
                {
                    value += args[++i];
                }

                positional.Add(value);
                continue;
            }

            (string name, string? inline) = Split(args[i]);
            ParameterModel? parameter = Find(model, name, out string? commonName);
            if (parameter is { IsSwitch: true })
            {
                binder.BindNamed(parameter, Flag(name, inline));
            }
            else if (parameter is null && commonName is nameof(CommonParameters.Verbose) or nameof(CommonParameters.Debug)
                or nameof(CommonParameters.WhatIf) or nameof(CommonParameters.Confirm))
            {
                common.Set(commonName, Flag(name, inline));
            }
            else
            {
                string value = inline ?? Next(args, ref i, name);
                while (value.EndsWith(',') && i + 1 < args.Count && !IsName(args[i + 1]))
                {
                    value += args[++i];
                }

                if (parameter is null)
                {
                    common.Set(commonName!, value);
                }
                else if ((parameter.IsMany || parameter.IsDictionary) && named.Find(n => n.Parameter == parameter).Values is { } earlier)
                {
                    earlier.Add(value);
                }
                else
                {
                    named.Add((parameter, [value]));
                }
            }
        }

        foreach ((ParameterModel parameter, List<string> values) in named)
        {
            binder.BindNamed(parameter, ArgumentValue.Of(parameter, values));
        }

        binder.BindPositional(positional, ArgumentValue.Of);
    }

    private static object Flag(string name, string? inline) => inline switch
    {
        null => true,

        // What is left of -Confirm:$false when a shell has put its own variable of that name in.
        "" => throw new ParameterBindingException(
            "MissingArgument", name, $"-{name}: needs a value: -{name}:true or -{name}:false, without a $."),
        _ => inline,
    };

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

    private static ParameterModel? Find(CommandModel model, string name, out string? common)
    {
        common = null;
        if (model.Parameters.FirstOrDefault(p => p.Names.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } exact)
        {
            return exact;
        }

        if (CommonParameters.Names.TryGetValue(name, out common))
        {
            return null;
        }

        if (CommonParameters.Unsupported.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            throw new ParameterBindingException("NoVariables", name, $"-{name} needs PowerShell: there are no variables here.");
        }

        ParameterModel? begins = model.Find(name);
        string[] commons = [.. CommonParameters.Names.Values.Distinct().Where(n => n.StartsWith(name, StringComparison.OrdinalIgnoreCase))];
        if (begins is not null && commons.Length == 0)
        {
            return begins;
        }

        if (begins is null && commons.Length == 1)
        {
            common = commons[0];
            return null;
        }

        throw commons.Length > 0
            ? new ParameterBindingException("AmbiguousParameter", name, $"-{name} could be several parameters; write more of the name.")
            : new ParameterBindingException("NamedParameterNotFound", name, $"There is no parameter -{name}.");
    }

    private static string Next(IReadOnlyList<string> args, ref int i, string name) =>
        i + 1 < args.Count && !IsName(args[i + 1])
            ? args[++i]
            : throw new ParameterBindingException(
                "MissingArgument", name, $"-{name} needs a value." + (i + 1 < args.Count ? $" For one that begins with a dash write -{name}:{args[i + 1]}." : ""));
}
