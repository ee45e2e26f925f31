using System.Globalization;
using System.Xml.Linq;
using CloudLab.Emulator.Http;

namespace CloudLab.Emulator.S3.Settings;

/// <summary>Which pages of another origin may do what with a bucket.</summary>
internal sealed class CorsRule
{
    private const int MaxRules = 100;
    private static readonly string[] KnownMethods = ["GET", "PUT", "HEAD", "POST", "DELETE"];

    private readonly string[] origins;
    private readonly string[] methods;
    private readonly string[] allowedHeaders;
    private readonly string[] exposedHeaders;
    private readonly string? maxAge;

    private CorsRule(XElement rule)
    {
        origins = All(rule, "AllowedOrigin");
        methods = All(rule, "AllowedMethod");
        allowedHeaders = All(rule, "AllowedHeader");
        exposedHeaders = All(rule, "ExposeHeader");
        maxAge = S3Xml.Text(rule, "MaxAgeSeconds");
        if (origins.Length == 0 || methods.Length == 0
            || (maxAge is not null && !int.TryParse(maxAge, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            throw S3Exception.MalformedXml();
        }

        if (methods.FirstOrDefault(method => !KnownMethods.Contains(method)) is { } unknown)
        {
            throw S3Exception.InvalidRequest($"Found unsupported HTTP method in CORS config. Unsupported method is {unknown}");
        }

        CheckWildcards("AllowedOrigin", origins);
        CheckWildcards("AllowedHeader", allowedHeaders);
        if (exposedHeaders.FirstOrDefault(name => name.Contains('*', StringComparison.Ordinal)) is { } wild)
        {
            throw S3Exception.InvalidRequest(
                $"ExposeHeader \"{wild}\" contains wildcard. We currently do not support wildcard for ExposeHeader.");
        }
    }

    /// <summary>Reads and checks a CORSConfiguration.</summary>
    /// <param name="root">The document.</param>
    /// <returns>Its rules. Throws MalformedXML or InvalidRequest.</returns>
    public static IReadOnlyList<CorsRule> ReadAll(XElement root)
    {
        CorsRule[] rules = [.. S3Xml.Children(root, "CORSRule").Select(rule => new CorsRule(rule))];
        return rules.Length is > 0 and <= MaxRules ? rules : throw S3Exception.MalformedXml();
    }

    /// <summary>Finds the rule for a request, or for the one that a preflight asks about.</summary>
    /// <param name="rules">Rules in order.</param>
    /// <param name="origin">Origin of the page.</param>
    /// <param name="method">The method.</param>
    /// <param name="headers">Headers that the request will have.</param>
    /// <returns>The first that allows it, or null.</returns>
    public static CorsRule? Find(IReadOnlyList<CorsRule> rules, string origin, string method, IReadOnlyList<string> headers) => rules.FirstOrDefault(rule =>
        rule.origins.Any(pattern => Matches(pattern, origin, StringComparison.Ordinal))
        && rule.methods.Contains(method)
        && headers.All(name => rule.allowedHeaders.Any(pattern => Matches(pattern, name, StringComparison.OrdinalIgnoreCase))));

    /// <summary>Says what the rule allows.</summary>
    /// <param name="answer">Headers of the answer.</param>
    /// <param name="origin">Origin of the page.</param>
    /// <param name="asked">Headers that a preflight asks about.</param>
    public void Write(HttpHeaderList answer, string origin, IReadOnlyList<string> asked)
    {
        bool any = origins.First(pattern => Matches(pattern, origin, StringComparison.Ordinal)) == "*";
        answer.Add("Access-Control-Allow-Origin", any ? "*" : origin);
        answer.Add("Access-Control-Allow-Methods", string.Join(", ", methods));
        if (asked.Count > 0)
        {
            answer.Add("Access-Control-Allow-Headers", string.Join(", ", asked));
        }

        if (exposedHeaders.Length > 0)
        {
            answer.Add("Access-Control-Expose-Headers", string.Join(", ", exposedHeaders));
        }

        if (maxAge is not null)
        {
            answer.Add("Access-Control-Max-Age", maxAge);
        }

        if (!any)
        {
            answer.Add("Access-Control-Allow-Credentials", "true");
        }

        answer.Add("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    }

    private static string[] All(XElement rule, string name) => [.. S3Xml.Children(rule, name).Select(element => element.Value.Trim())];

    private static void CheckWildcards(string element, string[] values)
    {
        if (values.FirstOrDefault(value => value.Count(c => c == '*') > 1) is { } wild)
        {
            throw S3Exception.InvalidRequest($"{element} \"{wild}\" can not have more than one wildcard.");
        }
    }

    private static bool Matches(string pattern, string text, StringComparison comparison)
    {
        int star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0
            ? pattern.Equals(text, comparison)
            : text.Length >= pattern.Length - 1 && text.StartsWith(pattern[..star], comparison) && text.EndsWith(pattern[(star + 1)..], comparison);
    }
}
