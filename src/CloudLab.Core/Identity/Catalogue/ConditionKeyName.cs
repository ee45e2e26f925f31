namespace CloudLab.Core.Identity.Catalogue;

/// <summary>Names of condition keys, some of which have a part that a policy chooses: <c>aws:ResourceTag/${TagKey}</c>.</summary>
public static class ConditionKeyName
{
    /// <summary>Whether a key is one of those listed.</summary>
    /// <param name="listed">Keys and templates of keys.</param>
    /// <param name="key">The key of a policy.</param>
    /// <returns>True if it is.</returns>
    public static bool IsListed(IEnumerable<string> listed, string key) => listed.Any(template => Fits(template, key));

    /// <summary>Whether a key is of a template.</summary>
    /// <param name="template"><c>aws:ResourceTag/${TagKey}</c>.</param>
    /// <param name="key"><c>aws:ResourceTag/team</c>.</param>
    /// <returns>True if it is.</returns>
    public static bool Fits(string template, string key)
    {
        // The references of some services write the part as a word: secretsmanager:ResourceTag/tag-key.
        template = template.Replace("/tag-key", "/${TagKey}", StringComparison.Ordinal);
        int open = template.IndexOf("${", StringComparison.Ordinal);
        if (open < 0)
        {
            return template.Equals(key, StringComparison.OrdinalIgnoreCase);
        }

        int close = template.IndexOf('}', open);
        string tail = template[(close + 1)..];
        return key.Length > open + tail.Length
            && key.StartsWith(template[..open], StringComparison.OrdinalIgnoreCase)
            && (tail.Contains("${", StringComparison.Ordinal) || key.EndsWith(tail, StringComparison.OrdinalIgnoreCase));
    }
}
