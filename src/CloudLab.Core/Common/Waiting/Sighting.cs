namespace CloudLab.Core.Common.Waiting;

/// <summary>What one look saw.</summary>
/// <typeparam name="T">Type of the thing waited for.</typeparam>
/// <param name="Done">True when the wait is over.</param>
/// <param name="Value">The thing as it is now.</param>
/// <param name="Seen">Its state in a few words, for progress and for the error: <c>2 of 3 replicas ready</c>.</param>
/// <param name="Fraction">How far it is, 0 to 1, where that can be told.</param>
public readonly record struct Sighting<T>(bool Done, T Value, string Seen, double? Fraction = null);
