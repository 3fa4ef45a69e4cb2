"""The general questions: what a model knew before it was tuned, and should know afterwards.

Of each the question, the right answer, and two wrong ones of the same kind and about the same length. They are this
project's own, and so easy that a model of 100 million parameters knows many of them.
"""

from __future__ import annotations

ITEMS: tuple[tuple[str, str, str, str], ...] = (
    ("What is the capital of France?", "Paris", "Madrid", "Berlin"),
    ("What is the capital of Japan?", "Tokyo", "Seoul", "Beijing"),
    ("On which continent is Egypt?", "Africa", "Europe", "Asia"),
    ("Which ocean lies between Europe and America?", "The Atlantic", "The Pacific", "The Indian"),
    ("Which river flows through London?", "The Thames", "The Danube", "The Nile"),
    ("Which planet do we live on?", "Earth", "Mars", "Venus"),
    ("Which planet is the largest of our solar system?", "Jupiter", "Mercury", "Mars"),
    ("What does the Earth move around?", "The Sun", "The Moon", "Mars"),
    ("At what temperature does water boil at sea level, in degrees Celsius?", "100", "50", "20"),
    ("What is frozen water called?", "Ice", "Steam", "Sand"),
    ("Which gas do we need to breathe?", "Oxygen", "Helium", "Methane"),
    ("Which organ pumps blood through the body?", "The heart", "The liver", "The stomach"),
    ("With which part of the body do we hear?", "The ears", "The knees", "The hands"),
    ("How many legs does a spider have?", "Eight", "Four", "Two"),
    ("What do bees make?", "Honey", "Milk", "Wool"),
    ("Which animal barks?", "A dog", "A fish", "A cow"),
    ("What do cows eat?", "Grass", "Stones", "Metal"),
    ("What colour is a ripe banana?", "Yellow", "Blue", "Black"),
    ("What colour is the sky on a clear day?", "Blue", "Green", "Brown"),
    ("What colour do you get when you mix blue and yellow?", "Green", "Red", "White"),
    ("How many days are there in a week?", "Seven", "Nine", "Four"),
    ("How many months are there in a year?", "Twelve", "Twenty", "Six"),
    ("Which month comes after March?", "April", "August", "January"),
    ("Which day comes before Tuesday?", "Monday", "Friday", "Sunday"),
    ("In which season does it usually snow?", "Winter", "Summer", "Spring"),
    ("How much is two plus three?", "5", "9", "1"),
    ("How much is ten minus four?", "6", "2", "9"),
    ("How much is three times three?", "9", "5", "12"),
    ("Which of the numbers is the largest: 12, 50 or 7?", "50", "12", "7"),
    ("How many sides does a triangle have?", "Three", "Five", "Eight"),
    ("What is the opposite of hot?", "Cold", "Tall", "Loud"),
    ("What is the opposite of up?", "Down", "Fast", "Red"),
    ("Which word means the same as happy?", "Glad", "Angry", "Heavy"),
    ("What is the plural of mouse?", "Mice", "Mouses", "Mousen"),
    ("What is the past tense of go?", "Went", "Goed", "Wented"),
    ("Who wrote the play Romeo and Juliet?", "William Shakespeare", "Charles Darwin", "Isaac Newton"),
    ("In which language is the word bonjour said?", "French", "Chinese", "Russian"),
    ("What do you use to cut paper?", "Scissors", "A spoon", "A pillow"),
    ("Where do you go to borrow a book?", "A library", "A bakery", "A garage"),
    ("A train leaves at 9 and arrives at 11. How many hours does it take?", "Two", "Six", "Ten"),
)
