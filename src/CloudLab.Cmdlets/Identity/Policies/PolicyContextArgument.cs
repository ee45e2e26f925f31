using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Cmdlets.Identity.Policies;

/// <summary>Condition keys of a request as a person gives them: a hashtable of keys and values.</summary>
internal static class PolicyContextArgument
{
    /// <summary>Reads the keys.</summary>
    /// <param name="value">A hashtable or custom object, or null for none; a list stands for a key with several values.</param>
    /// <returns>The context. Throws <see cref="LabException"/> that stops the command.</returns>
    public static PolicyContext Read(object? value)
    {
        PolicyContext context = new();
        if (value is null)
        {
            return context;
        }

        if (PlainObject.Of(value) is not IDictionary keys)
        {
            throw Invalid("-Context takes a hashtable of condition keys and values: @{ 'aws:SourceIp' = '203.0.113.7' }.");
        }

        foreach (DictionaryEntry entry in keys)
        {
            string key = $"{entry.Key}";
            if (!key.Contains(':', StringComparison.Ordinal))
            {
                throw Invalid($"-Context: '{key}' is not a condition key: write service:name, such as aws:SourceIp or s3:prefix.");
            }

            // A key without a value is one that the request does not have.
            if (entry.Value is not null)
            {
                context.Set(key, entry.Value is IList list ? [.. list.Cast<object?>().Select(item => Text(key, item))] : [Text(key, entry.Value)]);
            }
        }

        return context;
    }

    private static string Text(string key, object? value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        DateTime time => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw Invalid($"-Context: the value of '{key}' is not a text, number, Boolean or date, or a list of these."),
    };

    private static LabException Invalid(string message) => new(LabErrorKind.InvalidArgument, "ContextInvalid", message);
}
