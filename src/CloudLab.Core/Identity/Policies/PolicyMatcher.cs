namespace CloudLab.Core.Identity.Policies;

/// <summary>
/// What a statement asks of action and resource, prepared once for a document: the emulator decides on every request of
/// every client.
/// </summary>
internal sealed class PolicyMatcher
{
    private readonly Pattern[] actions;
    private readonly Pattern[] resources;
    private readonly bool notAction;
    private readonly bool notResource;

    /// <summary>Prepares a statement.</summary>
    /// <param name="statement">The statement.</param>
    public PolicyMatcher(PolicyStatement statement)
    {
        notAction = statement.NotAction.Count > 0;
        notResource = statement.NotResource.Count > 0;
        actions = Prepare(notAction ? statement.NotAction : statement.Action);
        resources = Prepare([.. (notResource ? statement.NotResource : statement.Resource).SelectMany(PolicyPattern.Completed)]);
    }

    /// <summary>Whether the statement is about an action.</summary>
    /// <param name="action">The action; case does not count.</param>
    /// <returns>True if it is.</returns>
    public bool IsAbout(string action)
    {
        foreach (Pattern pattern in actions)
        {
            // Actions have no variables in any version.
            if (pattern.Matches(action, null, ignoreCase: true) == true)
            {
                return !notAction;
            }
        }

        return notAction;
    }

    /// <summary>Whether the statement is about a resource. A trust policy, which names none, is about its role.</summary>
    /// <param name="resource">Its ARN.</param>
    /// <param name="variables">The request's values for variables, or null where they are plain text.</param>
    /// <returns>True if it is; false also where a variable has no value: neither the resource nor its opposite can be said to match then.</returns>
    public bool IsOn(string resource, PolicyContext? variables)
    {
        foreach (Pattern pattern in resources)
        {
            bool? matches = pattern.Matches(resource, variables, ignoreCase: false);
            if (notResource ? matches != false : matches == true)
            {
                return !notResource;
            }
        }

        return notResource || resources.Length == 0;
    }

    private static Pattern[] Prepare(IReadOnlyList<string> texts)
    {
        Pattern[] patterns = new Pattern[texts.Count];
        for (int i = 0; i < patterns.Length; i++)
        {
            patterns[i] = new Pattern(texts[i]);
        }

        return patterns;
    }

    private readonly struct Pattern(string text)
    {
        // Null where the text is all there is to it.
        private readonly string? variable = text.Contains("${", StringComparison.Ordinal) ? text : null;
        private readonly string plain = PolicyPattern.Expand(text, null, wildcards: true)!;
        private readonly bool literal = text.AsSpan().IndexOfAny('*', '?') < 0;

        public bool? Matches(string value, PolicyContext? variables, bool ignoreCase)
        {
            if (variable is not null && variables is not null)
            {
                return PolicyPattern.Expand(variable, variables, wildcards: true) is { } expanded
                    ? PolicyPattern.IsMatch(expanded, value, ignoreCase)
                    : null;
            }

            return literal && !ignoreCase ? string.Equals(plain, value, StringComparison.Ordinal) : PolicyPattern.IsMatch(plain, value, ignoreCase);
        }
    }
}
