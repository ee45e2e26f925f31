namespace CloudLab.Core.Common;

/// <summary>Texts by names, such as tags. As text it is <c>project=lab; a=b</c>, which is what a CSV file and a string show.</summary>
public sealed class TextDictionary : Dictionary<string, string>
{
    /// <summary>An empty one.</summary>
    public TextDictionary()
        : base(StringComparer.Ordinal)
    {
    }

    /// <summary>A copy.</summary>
    /// <param name="texts">Names and texts, in their order.</param>
    public TextDictionary(IEnumerable<KeyValuePair<string, string>> texts)
        : base(texts, (texts as Dictionary<string, string>)?.Comparer ?? StringComparer.Ordinal)
    {
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join("; ", this.Select(text => $"{text.Key}={text.Value}"));

    /// <summary>Texts with a text form of their own.</summary>
    /// <param name="texts">Names and texts.</param>
    /// <returns>The same where they have it already, else a copy.</returns>
    internal static TextDictionary Of(IReadOnlyDictionary<string, string> texts) => texts as TextDictionary ?? new TextDictionary(texts);
}
