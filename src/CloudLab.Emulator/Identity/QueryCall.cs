using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Emulator.Http;

namespace CloudLab.Emulator.Identity;

/// <summary>One call of the Query protocol: who calls, with which parameters, and the rules these obey.</summary>
/// <param name="account">The account.</param>
/// <param name="key">The key that signed.</param>
/// <param name="parameters">Parameters by name.</param>
internal sealed partial class QueryCall(EmulatedAccount account, AccessKeyRecord key, IReadOnlyDictionary<string, string> parameters)
{
    private static readonly Dictionary<string, string[]> NoConditions = [];

    /// <summary>The account.</summary>
    public EmulatedAccount Account { get; } = account;

    /// <summary>The key that signed.</summary>
    public AccessKeyRecord Key { get; } = key;

    /// <summary>Who calls.</summary>
    public Principal Caller => Key.Principal;

    /// <summary>A parameter, or null where it is not there.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its value.</returns>
    public string? Optional(string name) => parameters.GetValueOrDefault(name);

    /// <summary>A parameter that must be there.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its value.</returns>
    public string Required(string name) => Optional(name) is { Length: > 0 } value
        ? value
        : throw QueryException.Invalid($"1 validation error detected: Value null at '{Camel(name)}' failed to satisfy constraint: Member must not be null");

    /// <summary>A parameter that is the name of a user, role, policy or session.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="minimum">Least number of characters.</param>
    /// <param name="maximum">Greatest number of characters.</param>
    /// <returns>Its value.</returns>
    public string Name(string name, int minimum = 1, int maximum = 64)
    {
        string value = Required(name);
        if (value.Length < minimum || value.Length > maximum)
        {
            throw QueryException.Invalid(
                $"1 validation error detected: Value '{value}' at '{Camel(name)}' failed to satisfy constraint: Member must have length "
                + (value.Length < minimum ? $"greater than or equal to {minimum}" : $"less than or equal to {maximum}"));
        }

        return NameForm().IsMatch(value) ? value : throw QueryException.Invalid(
            $"1 validation error detected: Value '{value}' at '{Camel(name)}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+");
    }

    /// <summary>A path: slash, or something between slashes.</summary>
    /// <param name="name">Parameter's name.</param>
    /// <returns>Its value; a single slash where it is not given.</returns>
    public string PathOf(string name)
    {
        string path = Optional(name) ?? "/";
        return path.Length <= 512 && path.StartsWith('/') && (name == "PathPrefix" || path.EndsWith('/')) && !path.Any(c => c is < '!' or > '~')
            ? path
            : throw QueryException.Invalid($"The specified value for {Camel(name)} is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.");
    }

    /// <summary>A number.</summary>
    /// <param name="name">Parameter's name.</param>
    /// <param name="minimum">Least value.</param>
    /// <param name="maximum">Greatest value.</param>
    /// <param name="otherwise">Value where it is not given.</param>
    /// <returns>Its value.</returns>
    public int Number(string name, int minimum, int maximum, int otherwise)
    {
        if (Optional(name) is not { Length: > 0 } text)
        {
            return otherwise;
        }

        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value))
        {
            throw new QueryException(400, "MalformedInput", $"'{text}' at '{Camel(name)}' is no number");
        }

        return value < minimum || value > maximum
            ? throw QueryException.Invalid(
                $"1 validation error detected: Value '{text}' at '{Camel(name)}' failed to satisfy constraint: Member must have value "
                + (value < minimum ? $"greater than or equal to {minimum}" : $"less than or equal to {maximum}"))
            : value;
    }

    /// <summary>Tags: <c>Tags.member.1.Key</c>, <c>Tags.member.1.Value</c>, ….</summary>
    /// <returns>Tags by key.</returns>
    public SortedDictionary<string, string> Tags()
    {
        SortedDictionary<string, string> tags = new(StringComparer.OrdinalIgnoreCase);
        for (int i = 1; Optional($"Tags.member.{i}.Key") is { } tag; i++)
        {
            string value = Optional($"Tags.member.{i}.Value") ?? "";
            if (tag.Length is 0 or > 128 || value.Length > 256 || tag.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw QueryException.Invalid($"1 validation error detected: Value '{tag}' at 'tags.{i}.member.key' failed to satisfy constraint: a tag has a key of 1 to 128 and a value of up to 256 characters, and none begins with aws:");
            }

            if (!tags.TryAdd(tag, value))
            {
                throw new QueryException(400, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
            }
        }

        return tags.Count <= 50 ? tags : throw new QueryException(409, "LimitExceeded", "The number of tags has reached the maximum limit.");
    }

    /// <summary>The members of a list: <c>TransitiveTagKeys.member.1</c>, ….</summary>
    /// <param name="name">Name of the list.</param>
    /// <returns>Its members.</returns>
    public IEnumerable<string> Members(string name)
    {
        for (int i = 1; Optional($"{name}.member.{i}") is { } member; i++)
        {
            yield return member;
        }
    }

    /// <summary>A policy document.</summary>
    /// <param name="name">Parameter's name.</param>
    /// <param name="kind">What it is for.</param>
    /// <param name="maximum">Greatest number of characters, without white space.</param>
    /// <returns>The policy.</returns>
    public StoredPolicy Policy(string name, PolicyKind kind, int maximum)
    {
        string text = Required(name);
        try
        {
            PolicyDocument document = PolicyDocument.Parse(text, kind);
            if (document.ToJson(indented: false).Length > maximum)
            {
                throw new QueryException(409, "LimitExceeded", $"Maximum policy size of {maximum} bytes exceeded");
            }
        }
        catch (LabException e)
        {
            throw new QueryException(400, "MalformedPolicyDocument", e.Message);
        }

        return new StoredPolicy(text);
    }

    /// <summary>Refuses what the caller's policies do not allow.</summary>
    /// <param name="action">The action: <c>iam:CreateRole</c>.</param>
    /// <param name="resourceArn">What it is done to.</param>
    public void Authorize(string action, string resourceArn)
    {
        Authorization answer = Account.Authorize(Caller, action, resourceArn, NoConditions, null);
        if (!answer.Allowed)
        {
            throw new QueryException(403, "AccessDenied", answer.Message(Caller, action, resourceArn));
        }
    }

    /// <summary>Cuts one page out of a list.</summary>
    /// <typeparam name="T">Type of the items.</typeparam>
    /// <param name="items">All items, in the order of their keys.</param>
    /// <param name="keyOf">The key of an item: the marker of the next page.</param>
    /// <returns>The page, and the marker of the next one if there is one.</returns>
    public (List<T> Page, string? Marker) Page<T>(IEnumerable<T> items, Func<T, string> keyOf)
    {
        int size = Number("MaxItems", 1, 1000, 100);
        string? after = Optional("Marker") is { } marker ? FromMarker(marker) : null;
        List<T> page = [.. items.Where(item => after is null || string.Compare(keyOf(item), after, StringComparison.OrdinalIgnoreCase) > 0).Take(size + 1)];
        if (page.Count <= size)
        {
            return (page, null);
        }

        page.RemoveAt(size);
        return (page, Convert.ToBase64String(Encoding.UTF8.GetBytes(keyOf(page[^1]))));
    }

    /// <summary>Reads the parameters of a form.</summary>
    /// <param name="form">Query or body.</param>
    /// <returns>Parameters by name.</returns>
    public static Dictionary<string, string> ReadForm(string form)
    {
        Dictionary<string, string> read = new(StringComparer.Ordinal);
        foreach ((string name, string value) in UrlText.ParseQuery(form))
        {
            read[name] = value;
        }

        return read;
    }

    private static string FromMarker(string marker)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(marker));
        }
        catch (FormatException)
        {
            throw QueryException.Invalid("Invalid Marker.");
        }
    }

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];

    [GeneratedRegex(@"^[A-Za-z0-9_+=,.@-]+$")]
    private static partial Regex NameForm();
}
