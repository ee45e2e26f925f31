using System.Management.Automation;
using System.Security;
using CloudLab.Host.Output;

namespace CloudLab.Host.Arguments;

/// <summary>
/// Secrets for parameters. A command line can be read by everyone on the machine, so a secret never stands there: it
/// comes from an environment variable (<c>env:NAME</c>) or is asked for. Where one stands there all the same, no message repeats it.
/// </summary>
internal static class SecretArgument
{
    private const string FromEnvironment = "env:";
    private const string NotHere = "a secret must not be written on the command line: ";

    /// <summary>A user name with a secret.</summary>
    /// <param name="parameter">The parameter with its dash, for messages.</param>
    /// <param name="typed"><c>env:NAME</c> (the variable holds <c>user:secret</c>), <c>user,env:NAME</c>, or <c>user</c> to be asked.</param>
    /// <returns>The credential.</returns>
    public static PSCredential Credential(string parameter, string typed)
    {
        int variable = typed.IndexOf(FromEnvironment, StringComparison.OrdinalIgnoreCase);
        if (variable == 0)
        {
            string both = Read(parameter, typed);
            int colon = both.IndexOf(':', StringComparison.Ordinal);
            return colon > 0
                ? new PSCredential(both[..colon], Secure(both[(colon + 1)..]))
                : throw Refuse(parameter, $"the variable {typed[FromEnvironment.Length..]} must hold user:secret");
        }

        // The name of a user has neither of these two, so that what has one has a secret in it.
        bool named = variable > 1 && typed[variable - 1] == ',';
        string user = named ? typed[..(variable - 1)] : typed;
        return user.Length == 0 || user.AsSpan().ContainsAny(':', ',')
            ? throw Refuse(parameter, NotHere + "write USER to be prompted, or USER,env:NAME to read it from a variable")
            : new PSCredential(user, named ? Secure(Read(parameter, typed[variable..])) : Ask(parameter, $"Secret for {parameter}: ", "USER,env:NAME"));
    }

    /// <summary>A secret alone.</summary>
    /// <param name="parameter">The parameter with its dash, for messages.</param>
    /// <param name="typed"><c>env:NAME</c>, or <c>?</c> to be asked.</param>
    /// <returns>The secret.</returns>
    public static SecureString Secret(string parameter, string typed) =>
        typed.StartsWith(FromEnvironment, StringComparison.OrdinalIgnoreCase) ? Secure(Read(parameter, typed))
        : typed == "?" ? Ask(parameter, parameter.TrimStart('-') + ": ", "env:NAME")
        : throw Refuse(parameter, NotHere + "write env:NAME to read it from a variable, or ? to be prompted");

    private static string Read(string parameter, string typed)
    {
        string name = typed[FromEnvironment.Length..];
        if (name.Length == 0 || !name.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' or '(' or ')'))
        {
            throw Refuse(parameter, NotHere + "after env: comes the name of the variable that holds it");
        }

        return Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
            ? value
            : throw Refuse(parameter, $"the environment variable {name} is not set");
    }

    private static SecureString Ask(string parameter, string prompt, string instead)
    {
        using StreamWriter errors = StandardStreams.Writer(Console.OpenStandardError());
        return Secure(Terminal.Ask(errors, prompt, isSecret: true)
            ?? throw Refuse(parameter, $"the secret cannot be prompted for here: write {instead} to read it from a variable"));
    }

    private static SecureString Secure(string plain)
    {
        SecureString secret = new();
        foreach (char c in plain)
        {
            secret.AppendChar(c);
        }

        secret.MakeReadOnly();
        return secret;
    }

    private static UsageException Refuse(string parameter, string why) =>
        new($"{parameter}: {why}.");
}
