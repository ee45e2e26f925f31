using System.Collections.ObjectModel;
using System.Runtime.CompilerServices;

namespace CloudLab.Core.Common;

/// <summary>A list that cannot be changed. As text it is <c>a; b</c>, which is what a CSV file shows.</summary>
/// <typeparam name="T">What is in it.</typeparam>
/// <param name="items">What is in it.</param>
[CollectionBuilder(typeof(TextList), nameof(TextList.Create))]
public sealed class TextList<T>(IList<T> items) : ReadOnlyCollection<T>(items)
{
    /// <summary>An array as a list.</summary>
    /// <param name="items">What is in it.</param>
    /// <returns>The list.</returns>
    public static implicit operator TextList<T>(T[] items) => new(items);

    /// <inheritdoc/>
    public override string ToString() => string.Join("; ", this);
}

/// <summary>Makes lists with a text form.</summary>
public static class TextList
{
    /// <summary>A list of these.</summary>
    /// <typeparam name="T">What is in it.</typeparam>
    /// <param name="items">What is in it.</param>
    /// <returns>The list.</returns>
    public static TextList<T> Create<T>(ReadOnlySpan<T> items) => new(items.ToArray());

    /// <summary>A list with a text form.</summary>
    /// <typeparam name="T">What is in it.</typeparam>
    /// <param name="items">What is in it.</param>
    /// <returns>The same where it has a text form already, else a copy.</returns>
    internal static TextList<T> Of<T>(IReadOnlyList<T> items) => items as TextList<T> ?? new TextList<T>([.. items]);
}
