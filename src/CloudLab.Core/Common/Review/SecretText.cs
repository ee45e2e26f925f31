using System.Text.RegularExpressions;

namespace CloudLab.Core.Common.Review;

/// <summary>Recognizes secrets: names that say secret, and texts that look like one. Their values never go into a finding.</summary>
internal static partial class SecretText
{
    /// <summary>Whether a name says that its value is secret.</summary>
    /// <param name="name">Name of a variable, in words with <c>_</c> between them.</param>
    /// <returns>True for <c>DB_PASSWORD</c>, false for <c>PASSWORD_FILE</c>.</returns>
    public static bool IsName(string name) => SecretName().IsMatch(name) && !NoSecretName().IsMatch(name);

    /// <summary>Whether a value is a switch or a path: what a name such as <c>AUTH_ENABLED</c> or <c>SSH_AUTH_SOCK</c> has.</summary>
    /// <param name="value">The value; null where there is none.</param>
    /// <returns>True where it cannot be a secret.</returns>
    public static bool IsHarmless(string? value) => value?.Trim('"', '\'') is { Length: > 0 } text
        && ((text[0] == '/' && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_')) || text.ToLowerInvariant() is "true" or "false" or "on" or "off" or "yes" or "no" or "0" or "1");

    /// <summary>What kind of secret is in a text.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The kind with its article: <c>an access key</c>; null where none is seen.</returns>
    public static string? KindIn(string text) =>
        AccessKey().Match(text) is { Success: true } key && !key.Value.EndsWith("EXAMPLE", StringComparison.Ordinal) ? "an access key"
        : ServiceToken().IsMatch(text) ? "a token"
        : text.Contains("PRIVATE KEY-----", StringComparison.Ordinal) && PrivateKey().IsMatch(text) ? "a private key"
        : text.Contains("://", StringComparison.Ordinal) && UrlPassword().IsMatch(text) ? "an address with a password" : null;

    // BuildKit's own list of words, and what is common but not in it: PGPASSWORD, SMTP_PASS, LDAP_ROOTPASS, a passphrase.
    [GeneratedRegex("(?:_|^)(?:apikey|auth|credential|credentials|key|[a-z0-9]*password|pword|[a-z0-9]*passwd|passphrase|secret|token)(?:_|$)|(?:_|^)(?:root|admin|user|db)?pass$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();

    [GeneratedRegex("(?:_|^)(?:public|file|version)(?:_|$)|(?:_|^)(?:gpg_key|auth_sock)$|(?<!secret)_id$|_(?:name|alias|dir|path|url|uri|host|port|type|method|mode|enabled|disabled|ttl|expiry|timeout|length|size|algorithm|provider|plugin|issuer|audience|format|prefix)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NoSecretName();

    [GeneratedRegex(@"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")]
    private static partial Regex AccessKey();

    [GeneratedRegex(@"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22}|glpat-[A-Za-z0-9_-]{20}|xox[abprs]-[A-Za-z0-9-]{10}|sk_live_[0-9A-Za-z]{16}|npm_[A-Za-z0-9]{36})")]
    private static partial Regex ServiceToken();

    [GeneratedRegex("-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")]
    private static partial Regex PrivateKey();

    [GeneratedRegex(@"://[^/\s:@$<{]{1,64}:[^/\s:@$<{*]{1,128}@(?!localhost\b|127\.0\.0\.1\b|example\.)")]
    private static partial Regex UrlPassword();
}
